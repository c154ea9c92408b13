import * as v from "valibot";
import { shortened, UserError } from "../../errors";
import type { Drift } from "./drift";
import { readJsonFile } from "./json-file";
import type { Preview } from "./preview";

// A report that one job of a workflow wrote and another reads may be anybody's: each part has a shape and a size.

const LARGEST = 16 * 1024 * 1024;
const MOST = 10_000;

const word = v.pipe(v.string(), v.maxLength(1_000));
const text = v.pipe(v.string(), v.maxLength(1024 * 1024));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const list = <S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.maxLength(MOST));
/** The name of a stack, as it stands in titles. */
const environment = v.pipe(v.string(), v.nonEmpty(), v.maxLength(128), v.regex(/^[\w.-]+$/));

/** What was there, and what will be: JSON leaves out what is not there. */
const values = { before: v.optional(text), after: v.optional(text) };
const field = v.pipe(
  v.object({ place: text, ...values, lines: v.exactOptional(text), effect: v.exactOptional(word) }),
  v.transform(({ before, after, ...rest }) => ({ ...rest, before, after })),
);
const entryField = v.pipe(
  v.object({ place: text, ...values }),
  v.transform(({ place, before, after }) => ({ place, before, after })),
);
const group = v.object({
  name: word,
  create: count,
  inPlace: count,
  replace: count,
  canaries: count,
  migrate: count,
  stop: count,
  preempt: count,
  unchanged: count,
  missing: v.exactOptional(count),
  unknown: v.exactOptional(count),
  blocked: v.exactOptional(text),
});
const place = {
  job: word,
  path: word,
  region: v.exactOptional(word),
  namespace: v.exactOptional(word),
  modifyIndex: count,
  groups: list(group),
  fields: list(field),
};
const reader = v.object({
  job: word,
  path: word,
  region: v.exactOptional(word),
  namespace: v.exactOptional(word),
  group: word,
  task: word,
  effect: word,
  signal: v.exactOptional(word),
  certainty: v.picklist(["reads", "may"]),
  within: v.pipe(v.number(), v.minValue(0)),
});
const consul = list(
  v.object({
    path: word,
    kind: word,
    name: word,
    change: v.picklist(["create", "update", "delete", "none"]),
    modifyIndex: count,
    fields: list(entryField),
    readers: v.exactOptional(list(reader)),
  }),
);

const strayPlace = { job: word, region: v.exactOptional(word), namespace: v.exactOptional(word) };

const leftover = { kind: word, name: word };

const preview = v.object({
  environment,
  jobs: list(
    v.object({
      ...place,
      change: v.picklist(["create", "update", "place", "none"]),
      warnings: list(text),
      nextLaunch: v.exactOptional(word),
    }),
  ),
  consul,
  strays: v.exactOptional(
    list(v.object({ ...strayPlace, change: v.picklist(["stop", "keep"]), reason: v.exactOptional(text) })),
  ),
  leftovers: v.exactOptional(
    list(v.object({ ...leftover, change: v.picklist(["remove", "keep"]), reason: v.exactOptional(text) })),
  ),
  foreign: v.exactOptional(list(v.object({ ...strayPlace, owner: word }))),
  refused: v.exactOptional(list(text)),
  unknown: v.exactOptional(list(text)),
  terraform: v.exactOptional(
    list(
      v.object({
        address: word,
        change: v.picklist(["create", "update", "delete", "replace", "read"]),
        variable: v.exactOptional(v.object({ path: word, namespace: word })),
        readers: v.exactOptional(list(reader)),
      }),
    ),
  ),
  terraformOnly: list(v.object({ path: word, type: word })),
});

const drift = v.object({
  environment,
  jobs: list(
    v.object({
      ...place,
      drift: v.picklist(["purged", "stopped", "scaled", "changed", "reverted", "lacking"]),
      revert: v.exactOptional(
        v.object({
          from: count,
          to: count,
          version: count,
          by: v.picklist(["nomad", "somebody"]),
          at: v.exactOptional(word),
          again: v.boolean(),
        }),
      ),
      version: v.exactOptional(count),
      submitted: v.exactOptional(word),
      lastChange: list(field),
    }),
  ),
  consul,
  unchanged: count,
  strays: v.exactOptional(list(v.object(strayPlace))),
  leftovers: v.exactOptional(list(v.object(leftover))),
  foreign: v.exactOptional(list(v.object({ ...strayPlace, owner: word }))),
  unknown: v.exactOptional(list(text)),
});

/**
 * Reads what `cdk-nomad preview --format json` printed.
 *
 * @throws UserError where the file is something else, or larger than a preview is
 */
export async function readPreview(file: string, signal?: AbortSignal): Promise<Preview> {
  return read(file, preview, { command: "cdk-nomad preview ENV --format json", signal });
}

/**
 * Reads what `cdk-nomad drift --json` printed.
 *
 * @throws UserError where the file is something else, or larger than a drift is
 */
export async function readDrift(file: string, signal?: AbortSignal): Promise<Drift> {
  return read(file, drift, { command: "cdk-nomad drift ENV --json", signal });
}

async function read<T>(
  file: string,
  schema: v.GenericSchema<unknown, T>,
  { command, signal }: { readonly command: string; readonly signal: AbortSignal | undefined },
): Promise<T> {
  const parsed = v.safeParse(schema, await readJsonFile(file, { rule: "github", most: LARGEST, signal }));
  if (parsed.success) return parsed.output;
  const at = v.getDotPath(parsed.issues[0]);
  // What stands there is not repeated: it may be anything.
  throw UserError.at(file, `is not what ${command} prints${at === null ? "" : `, at ${shortened(at, 100)}`}`, "github");
}
