import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { stopAndPurge, type AllocationStub, type NomadClient } from "../../nomad";
import type { RecordedInConsul, RecordedJob } from "../../stack-record";
import { AT_ONCE } from "../plan";
import { removeRecord, type RecordClients } from "../record";
import { clearConsul } from "./clear-consul";
import { distinct, withDescendants, type Destruction, type DoomedJob } from "./destruction";
import { placeOf } from "./owners";

/** What destroying takes. */
export interface DestroyOptions extends RecordClients {
  /** Called with what is being done, before it is done. */
  readonly onStep: (text: string) => void;
  /** When to give up waiting for what stops, by the clock of performance.now(), in milliseconds. Default: after five minutes. */
  readonly until?: number;
  /** After how long it is said what is waited for, in milliseconds. Default: five seconds. */
  readonly tellAfter?: number;
  /** Forgets what the managers of a pool keep of it. */
  readonly forgetPool: (pool: string) => Promise<void>;
}

/** What became of a stack. */
export interface Destroyed {
  /** `again`: somebody registered it anew meanwhile, and it is theirs. */
  readonly jobs: readonly (RecordedJob & {
    readonly result: "purged" | "stopping" | "again";
    /** Of one that is stopping: what of it has not ended, such as `the allocation 1a2b3c4d on node-1 is unknown`. */
    readonly waitsFor?: string;
  })[];
  readonly consul: readonly (RecordedInConsul & { readonly removed: boolean })[];
  /** `kept` as long as something is left; why it could not be removed, otherwise. */
  readonly record: "removed" | "kept" | { readonly reason: string };
}

const LOOK = 200;
/** How long what stops is waited for, and when that is said, in milliseconds. */
const PATIENCE = 300_000;
const TELL_AFTER = 5_000;
/** How often it is looked for what came of jobs that are stopped already. */
const ROUNDS = 5;
/** After the last evaluation of a job, before it is forgotten: a Nomad 1.11 that still applies a plan of it can end with it. */
const PAUSE = 500;

/**
 * Takes a stack away: stops its jobs, waits until nothing of them runs, forgets them, and then removes what it made in Consul, what managers kept
 * of its pools, and its record. Where something does not stop in time, or is registered anew meanwhile, the rest stays as well, the record first, so that it
 * can be gone on with.
 *
 * @throws where a server refuses: what was done until then stays done
 */
export async function destroy(found: Destruction, options: DestroyOptions): Promise<Destroyed> {
  const { nomad, consul, signal, onStep } = options;
  const limit = pLimit(AT_ONCE);
  const each = <T>(jobs: readonly DoomedJob[], run: (job: DoomedJob) => Promise<T>) =>
    Promise.all(jobs.map((job) => limit(async () => (signal?.throwIfAborted(), run(job)))));
  const stop = async (job: DoomedJob) => {
    onStep(`stopping ${job.id}`);
    await stopAndPurge(nomad.where(placeOf(job)), job.id, { purge: false, signal });
  };
  // What launches others ends first: it would launch more of them meanwhile. And what it has launched until then was in no list before.
  const doomed = found.jobs.filter(({ parent }) => parent === undefined);
  await each(doomed, stop);
  for (let round = 0, fresh = true; fresh && round < ROUNDS; round += 1) {
    const known = new Set(doomed.map((job) => found.owners.names.of(job)));
    const came = await each(doomed, (job) => withDescendants(nomad.where(placeOf(job)), job));
    const more = distinct([...came.flat(), ...found.jobs], found.owners).filter(
      (job) => !known.has(found.owners.names.of(job)),
    );
    fresh = more.length > 0;
    await each(more, stop);
    doomed.push(...more);
  }
  const ends = await each(doomed, async (job) => ({
    job,
    waitsFor: await untilEnded(nomad, job, options),
  }));
  if (ends.some(({ waitsFor }) => waitsFor !== undefined)) {
    const jobs = ends.map(({ job, waitsFor }) => ({
      ...placed(job),
      result: "stopping" as const,
      ...(waitsFor === undefined ? {} : { waitsFor }),
    }));
    return { jobs, consul: [], record: "kept" };
  }
  await sleep(doomed.length > 0 ? PAUSE : 0, undefined, { signal });
  await each([...doomed].reverse(), async (job) => {
    if (await isRegistered(job, nomad)) return;
    onStep(`purging ${job.id}`);
    await stopAndPurge(nomad.where(placeOf(job)), job.id, { signal });
  });
  // A deployment beside this one needs what stands in Consul, and its jobs are in the record.
  const jobs = await each(doomed, async (job) => ({
    ...placed(job),
    result: (await isRegistered(job, nomad)) ? ("again" as const) : ("purged" as const),
  }));
  if (jobs.some(({ result }) => result === "again")) return { jobs, consul: [], record: "kept" };
  for (const pool of new Set([...found.pools, ...doomed.flatMap(({ pool: of }) => of ?? [])])) {
    signal?.throwIfAborted();
    await options.forgetPool(pool);
  }
  const removed = await clearConsul(found.consul, { consul, spared: found.spared, signal, onStep });
  if (removed.some((item) => !item.removed)) return { jobs, consul: removed, record: "kept" };
  const unseen = found.kept.flatMap(({ name, isUnseen }) => (isUnseen ? [name] : []));
  if (unseen.length > 0)
    return {
      jobs,
      consul: removed,
      record: {
        reason: `it alone names what could not be looked for: ${unseen.join(", ")}; destroy again once that region answers, or remove the record by hand where there is no such region any more`,
      },
    };
  const gone = await removeRecord(
    found.record.kind === "found" ? { ...found.place, store: found.record.store } : found.place,
    options,
    found.known,
  );
  return { jobs, consul: removed, record: gone.kind === "removed" ? "removed" : { reason: gone.reason } };
}

/** Whether a job is there and is to run. */
async function isRegistered(job: DoomedJob, nomad: NomadClient): Promise<boolean> {
  const held = await nomad.where(placeOf(job)).job(job.id);
  return held !== undefined && held.Stop !== true;
}

function placed({ id, region, namespace }: RecordedJob): RecordedJob {
  return { id, ...(region === undefined ? {} : { region }), ...(namespace === undefined ? {} : { namespace }) };
}

/** Waits until nothing of a job runs any more, or it is somebody else's by now. @returns what still runs, where that takes too long */
async function untilEnded(
  nomad: NomadClient,
  job: DoomedJob,
  { until, tellAfter = TELL_AFTER, onStep, signal }: DestroyOptions,
): Promise<string | undefined> {
  const begun = performance.now();
  for (let told = false; ;) {
    signal?.throwIfAborted();
    const [first, ...more] = (await nomad.where(placeOf(job)).allocations(job.id)).filter(
      (allocation) => !hasEnded(allocation),
    );
    if (first === undefined || (await isRegistered(job, nomad))) return undefined;
    const others = more.length > 0 ? `, and ${more.length} more` : "";
    const waitsFor = `the allocation ${first.ID.slice(0, 8)} on ${first.NodeName || "an unknown node"} is ${first.ClientStatus}${others}`;
    if (performance.now() >= (until ?? begun + PATIENCE)) return waitsFor;
    if (!told && performance.now() - begun >= tellAfter) {
      onStep(`waiting for ${job.id} to end: ${waitsFor}; whoever does not wait goes on with another destroy`);
      told = true;
    }
    await sleep(LOOK, undefined, { signal });
  }
}

function hasEnded({ ClientStatus }: AllocationStub): boolean {
  return ClientStatus === "complete" || ClientStatus === "failed" || ClientStatus === "lost";
}
