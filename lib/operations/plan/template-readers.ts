import * as v from "valibot";
import { millisecondsOf, whereOf, type JobJson } from "../../nomad";
import type { StackObject } from "../stack";
import type { ConsulChange } from "./consul-changes";
import {
  OF_CONSUL,
  OF_NOMAD,
  templateReads,
  type ReadingFunctions,
  type TemplateRead,
  type TemplateReader,
} from "./template-reads";
import type { TerraformChange } from "./terraform-plan";

const SECOND = 1000;
/** What Nomad does without a `wait` of the template. */
const WAIT = 5 * SECOND;
const SPLAY = 5 * SECOND;

const text = v.fallback(v.nullish(v.string(), ""), "");
const time = v.fallback(v.nullish(v.number()), undefined);
const template = v.object({
  EmbeddedTmpl: text,
  SourcePath: text,
  LeftDelim: text,
  RightDelim: text,
  ChangeMode: text,
  ChangeSignal: text,
  Splay: time,
  Wait: v.fallback(v.nullish(v.object({ Min: time, Max: time })), undefined),
  Once: v.fallback(v.nullish(v.boolean(), false), false),
});
const list = <S extends v.GenericSchema>(of: S) => v.fallback(v.nullish(v.array(of), []), []);
const jobWithTemplates = v.object({
  TaskGroups: list(v.object({ Name: text, Tasks: list(v.object({ Name: text, Templates: list(template) })) })),
});

type TemplateJson = v.InferOutput<typeof template>;

/** Changes in Consul, those of keys with the tasks of a stack's jobs whose templates read them. */
export function withReaders(
  changes: readonly ConsulChange[],
  objects: readonly StackObject[],
): readonly ConsulChange[] {
  const changing = changes.filter(({ kind, change }) => kind === "key" && change !== "none");
  if (changing.length === 0) return changes;
  const places = placesIn(objects, OF_CONSUL);
  return changes.map((change) => {
    if (!changing.includes(change)) return change;
    const readers = places.flatMap((place) => readerOf(place, change) ?? []);
    return readers.length === 0 ? change : { ...change, readers };
  });
}

/** The tasks that Nomad starts anew, or tells, since a key that their templates read has another value in one reading of a stack than in another. */
export function restartedBetween(
  before: readonly StackObject[],
  after: readonly StackObject[],
): readonly TemplateReader[] {
  const [old, now] = [keysOf(before), keysOf(after)];
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    if (old.get(name) === now.get(name)) return [];
    const change = !old.has(name) ? "create" : !now.has(name) ? "delete" : "update";
    return [{ path: "", kind: "key", name, change, modifyIndex: 0, fields: [] } as const];
  });
  return withReaders(changes, after)
    .flatMap(({ readers = [] }) => readers)
    .filter(({ effect }) => RESTARTING.has(effect));
}

/** Every key that a stack has in Consul's KV store, with its value. */
function keysOf(objects: readonly StackObject[]): ReadonlyMap<string, string> {
  return new Map(
    objects.flatMap((item) =>
      item.kind === "keys"
        ? Object.entries(item.values).map(([key, value]) => [item.prefix + key, value] as const)
        : [],
    ),
  );
}

/**
 * Changes of Terraform's, those of Nomad's variables with the tasks of a stack's jobs whose templates read them. Which namespace a template reads is the
 * job's own.
 */
export function withVariableReaders(
  changes: readonly TerraformChange[],
  objects: readonly StackObject[],
): readonly TerraformChange[] {
  if (changes.every(({ variable }) => variable === undefined)) return changes;
  const places = placesIn(objects, OF_NOMAD);
  return changes.map((each) => {
    const { variable, change } = each;
    if (variable === undefined || change === "read") return each;
    const own = places.filter(({ of }) => (of.namespace ?? "default") === variable.namespace);
    const found = own.flatMap(
      (place) => readerOf(place, { name: variable.path, change: change === "replace" ? "update" : change }) ?? [],
    );
    return found.length === 0 ? each : { ...each, readers: found };
  });
}

function placesIn(objects: readonly StackObject[], functions: ReadingFunctions): readonly Place[] {
  return objects.flatMap((item) => (item.kind === "job" ? placesOf(item.path, item.job, functions) : []));
}

interface Place {
  readonly of: Pick<TemplateReader, "job" | "path" | "region" | "namespace" | "group" | "task">;
  readonly template: TemplateJson;
  readonly reads: readonly TemplateRead[];
}

/** A template that comes with an artifact may read anything. */
const ANYTHING: readonly TemplateRead[] = [{ of: "optional", path: "", exact: false }];

function placesOf(path: string, job: JobJson, functions: ReadingFunctions): readonly Place[] {
  const { TaskGroups } = v.parse(jobWithTemplates, job);
  return TaskGroups.flatMap(({ Name: group, Tasks }) =>
    Tasks.flatMap(({ Name: task, Templates }) =>
      Templates.filter(({ Once }) => Once !== true).map((each) => ({
        of: { job: job.ID, path, ...whereOf(job), group: group ?? "", task: task ?? "" },
        template: each,
        reads: each.EmbeddedTmpl
          ? templateReads(
              each.EmbeddedTmpl,
              { left: each.LeftDelim || "{{", right: each.RightDelim || "}}" },
              functions,
            )
          : each.SourcePath
            ? ANYTHING
            : [],
      })),
    ),
  );
}

function readerOf(
  { of, template: held, reads }: Place,
  { name, change }: Pick<ConsulChange, "name" | "change">,
): TemplateReader | undefined {
  const reading = reads.filter((read) => isReached(read, name, change));
  if (reading.length === 0) return undefined;
  const certain = reading.filter(({ exact }) => exact);
  const waits = change === "delete" && reading.every((read) => read.of === "value");
  const effect = waits ? "keeps" : held.ChangeMode || "restart";
  return {
    ...of,
    effect,
    ...(effect === "signal" && held.ChangeSignal ? { signal: held.ChangeSignal } : {}),
    certainty: certain.length > 0 ? "reads" : "may",
    within: milliseconds(held.Wait?.Min, WAIT) + milliseconds(held.Splay, SPLAY),
  };
}

function isReached({ of, path, exact }: TemplateRead, key: string, change: ConsulChange["change"]): boolean {
  if (of === "existence" && change === "update") return false;
  if (!exact) return key.startsWith(path);
  if (of === "tree") return key.startsWith(path);
  if (of === "children") return key.startsWith(path) && !key.slice(path.length).replace(/^\//, "").includes("/");
  return key === path;
}

function milliseconds(nanoseconds: number | null | undefined, otherwise: number): number {
  return nanoseconds === undefined || nanoseconds === null ? otherwise : millisecondsOf(nanoseconds);
}

/** The words for what Nomad does with a task whose template has another text. */
export const RESTARTING: ReadonlySet<string> = new Set(["restart", "signal", "script"]);
