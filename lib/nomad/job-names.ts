import { poolOf } from "../jobspec/host";
import type { JobJson } from "./answers";

const CHILD = /^(.+)\/(?:periodic|dispatch)-[^/]+$/;
const GENERATION = /^(.+)-[0-9a-f]{8}$/;

/** The job that launched one, where its id says so: children are called `job/periodic-…` and `job/dispatch-…`. */
export function parentOf(id: string): string | undefined {
  return CHILD.exec(id)?.[1];
}

/**
 * The jobs that somebody means with a name: the one with that id; else those that the job of that id launched, and the generations of the pool of
 * that name (`warm-pool-openai-1f3a5b7c` of `warm-pool-openai`).
 */
export function jobsNamed(name: string, ids: Iterable<string>): ReadonlySet<string> {
  const all = new Set(ids);
  if (all.has(name)) return new Set([name]);
  return new Set([...all].filter((id) => parentOf(id) === name || GENERATION.exec(id)?.[1] === name));
}

/** The pool whose containers a job runs, as its meta and its id say; undefined for other jobs. */
export function poolOfJob({ ID, Meta }: JobJson): string | undefined {
  return poolOf(ID, Meta);
}

/** Slots that a sandbox may have: a job that claims more is not believed. */
const MOST_SLOTS = 256;

/** How many slots each sandbox of a pool's job has, as the job's meta says; undefined where it says nothing that can be meant. */
export function slotsOf(meta: Readonly<Record<string, unknown>> | null | undefined): number | undefined {
  const text = meta?.slots;
  if (typeof text !== "string" || !/^[1-9]\d{0,2}$/.test(text)) return undefined;
  return Number(text) <= MOST_SLOTS ? Number(text) : undefined;
}
