import * as v from "valibot";
import { shortened } from "../errors";
import { jsonDepth } from "../jobspec/host";
import { byName } from "../reading";
import {
  partPath,
  PLACE_VARIABLES,
  RECORD_FORMAT,
  recordPath,
  stackOfPath,
  STACK_OWNERS,
  type PartsOf,
  type RecordContent,
  type RecordedInConsul,
  type RecordedJob,
  type RecordedValue,
} from "./content";
import type { StackIdentity } from "./identity";

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));
const value: v.GenericSchema<unknown, RecordedValue> = v.lazy(() =>
  v.union([v.string(), v.number(), v.boolean(), v.null(), v.array(value), byName(value)]),
);

const head = v.object({
  format: v.literal(RECORD_FORMAT),
  project: text,
  environment: text,
  name: v.exactOptional(text),
  owner: v.picklist(STACK_OWNERS),
  variables: byName(value),
  defaults: byName(value),
  surroundings: byName(v.nullable(text)),
  parts: v.object({ jobs: count, consul: count }),
});

const name = v.pipe(text, v.nonEmpty());
const job = v.object({
  id: name,
  region: v.exactOptional(name),
  namespace: v.exactOptional(name),
  stopped: v.exactOptional(v.literal(true)),
});
const inConsul = v.object({ kind: name, name: text });
const other = v.union([job, inConsul]);

/** What earlier deployments of a stack brought, and the program of the last one does not have. */
export interface RecordedThings {
  readonly jobs: readonly RecordedJob[];
  readonly consul: readonly RecordedInConsul[];
}

/** A record as it is read. */
export interface StackRecord extends RecordContent {
  /** What earlier deployments brought, and the program of the last one does not have: it runs still, or may. */
  readonly former: RecordedThings;
  /**
   * Whether its head is gone, as after `cdktf destroy`, which leaves what it does not know: then nothing is known but what stands in the parts that are left,
   * which is among the former things.
   */
  readonly withoutHead?: true;
}

/** A record that is there and cannot be read. */
export class UnreadableRecord extends Error {}

/**
 * A record, out of the texts of its objects by their paths.
 *
 * @returns undefined where nothing of it is there
 * @throws UnreadableRecord where it is of a later release, or of another shape, or a part of it is missing
 */
export function readRecordTexts(texts: ReadonlyMap<string, string>, at: string): StackRecord | undefined {
  const headText = texts.get(at);
  if (headText === undefined) return remainderOf(texts, at);
  const raw = json(headText, at);
  const format = v.safeParse(v.object({ format: v.number() }), raw);
  if (format.success && format.output.format > RECORD_FORMAT)
    throw new UnreadableRecord(
      `${at} has the format ${format.output.format}, which a later release of cdk-nomad writes`,
    );
  const { parts, format: _, surroundings: environmentVariables, name: projectName, ...others } = parsed(head, raw, at);
  const rest = { ...others, ...(projectName === undefined ? {} : { projectName }), environmentVariables };
  const identity: StackIdentity = rest;
  if (recordPath(identity) !== at)
    throw new UnreadableRecord(
      `${at} is the record of ${rest.environment} of ${rest.project}, which belongs elsewhere`,
    );
  const inPlace = <T extends object>(item: T) => placedBy(item, rest.environmentVariables);
  const jobs = listIn(texts, at, "jobs", job, parts.jobs).map(inPlace);
  const consul = listIn(texts, at, "consul", inConsul, parts.consul);
  const former = listIn(texts, at, "others", other, countIn(texts, at, "others")).map((each) =>
    "id" in each ? inPlace(each) : each,
  );
  return { ...rest, jobs, consul, former: sorted(former, { jobs, consul }) };
}

/** A job with the namespace and the region of whoever deployed it, where it names none: whoever reads the record may be in others. */
function placedBy<T extends object>(item: T, environmentVariables: RecordContent["environmentVariables"]): T {
  const named = Object.entries(PLACE_VARIABLES).flatMap(([of, variable]) => {
    const value = Object.hasOwn(environmentVariables, variable) ? environmentVariables[variable] : undefined;
    return value ? [[of, value]] : [];
  });
  return { ...(Object.fromEntries(named) as object), ...item };
}

/** What is left of a record without a head; undefined where nothing is. */
function remainderOf(texts: ReadonlyMap<string, string>, at: string): StackRecord | undefined {
  const lists = (["jobs", "consul", "others"] as const).map((of) => [of, countIn(texts, at, of)] as const);
  if (lists.every(([, number]) => number === 0)) return undefined;
  const left = lists.flatMap(([of, number]) => listIn(texts, at, of, other, number));
  return {
    ...stackOfPath(at),
    // What Terraform brought, it took away with the head.
    owner: "cdk-nomad",
    ...{ variables: {}, defaults: {}, environmentVariables: {}, jobs: [], consul: [] },
    former: sorted(left, { jobs: [], consul: [] }),
    withoutHead: true,
  };
}

/** How many parts of a list there are, counted from the first. */
function countIn(texts: ReadonlyMap<string, string>, at: string, of: PartsOf): number {
  let number = 0;
  while (texts.has(partPath(at, of, number))) number += 1;
  return number;
}

function listIn<S extends v.GenericSchema>(
  texts: ReadonlyMap<string, string>,
  at: string,
  of: PartsOf,
  schema: S,
  number: number,
): readonly v.InferOutput<S>[] {
  return Array.from({ length: number }, (_, index) => {
    const path = partPath(at, of, index);
    const part = texts.get(path);
    if (part === undefined) throw new UnreadableRecord(`${path} is missing`);
    return parsed(v.array(schema), json(part, path), path);
  }).flat();
}

/** Jobs, and what is in Consul, without what stands in other lists. */
function sorted(all: readonly v.InferOutput<typeof other>[], { jobs, consul }: RecordedThings): RecordedThings {
  return {
    jobs: without(
      all.flatMap((each) => ("id" in each ? [each] : [])),
      jobs,
    ),
    consul: without(
      all.flatMap((each) => ("kind" in each ? [each] : [])),
      consul,
    ),
  };
}

/**
 * Jobs, or what is in Consul, without some of them; what stands there twice stands there once.
 *
 * @param some what is left out
 */
export function without<T extends RecordedJob | RecordedInConsul>(all: readonly T[], some: readonly T[]): readonly T[] {
  const left = new Set(some.map(recordedName));
  return [...new Map(all.map((each) => [recordedName(each), each] as const))].flatMap(([own, each]) =>
    left.has(own) ? [] : [each],
  );
}

function recordedName(each: RecordedJob | RecordedInConsul): string {
  return JSON.stringify("id" in each ? [each.region, each.namespace, each.id] : [each.kind, each.name]);
}

function parsed<S extends v.GenericSchema>(schema: S, raw: unknown, path: string): v.InferOutput<S> {
  const result = v.safeParse(schema, raw);
  if (result.success) return result.output;
  // What stands there is not repeated: it may be anything.
  throw new UnreadableRecord(`${path} is no record${placeIn(v.getDotPath(result.issues[0]))}`);
}

function placeIn(at: string | null): string {
  return at === null ? "" : `, at ${shortened(at, 100)}`;
}

/** What is written into a record is a few levels deep; what anybody else writes there may be of any size and depth. */
const DEEPEST = 100;
const LARGEST = 1024 * 1024;

/** Reads an object of a record. @throws UnreadableRecord where it is larger or deeper than any release writes it */
function json(text: string, path: string): unknown {
  if (text.length > LARGEST) throw new UnreadableRecord(`${path} is larger than ${LARGEST / 1024} KiB`);
  if (jsonDepth(text) > DEEPEST) throw new UnreadableRecord(`${path} is nested more than ${DEEPEST} deep`);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
