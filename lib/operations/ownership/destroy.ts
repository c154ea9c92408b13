import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { stopAndPurge, type AllocationStub, type NomadClient } from "../../nomad";
import type { RecordedInConsul, RecordedJob } from "../../stack-record";
import { AT_ONCE } from "../plan";
import { removeRecord, type RecordClients } from "../record";
import { clearConsul } from "./clear-consul";
import type { Destruction, DoomedJob } from "./destruction";
import { placeOf } from "./owners";

/** What destroying takes. */
export interface DestroyOptions extends RecordClients {
  /** Called with what is being done, before it is done. */
  readonly onStep: (text: string) => void;
  /** When to give up waiting for what stops, by the clock of performance.now(), in milliseconds. Default: never. */
  readonly until?: number;
  /** Forgets what the managers of a pool keep of it. */
  readonly forgetPool: (pool: string) => Promise<void>;
}

/** What became of a stack. */
export interface Destroyed {
  /** `again`: somebody registered it anew meanwhile, and it is theirs. */
  readonly jobs: readonly (RecordedJob & { readonly result: "purged" | "stopping" | "again" })[];
  readonly consul: readonly (RecordedInConsul & { readonly removed: boolean })[];
  /** `kept` as long as something is left; why it could not be removed, otherwise. */
  readonly record: "removed" | "kept" | { readonly reason: string };
}

const LOOK = 200;
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
  // What launches others ends first: it would launch more of them meanwhile.
  for (const jobs of [
    found.jobs.filter(({ parent }) => parent === undefined),
    found.jobs.filter(({ parent }) => parent !== undefined),
  ])
    await each(jobs, async (job) => {
      onStep(`stopping ${job.id}`);
      await stopAndPurge(nomad.where(placeOf(job)), job.id, { purge: false, signal });
    });
  const ends = await each(found.jobs, async (job) => ({
    job,
    ended: await untilEnded(nomad.where(placeOf(job)), job, options),
  }));
  const left = ends.filter(({ ended }) => !ended).map(({ job }) => job);
  if (left.length > 0) {
    const jobs = found.jobs.map((job) => ({ ...placed(job), result: "stopping" as const }));
    return { jobs, consul: [], record: "kept" };
  }
  await sleep(found.jobs.length > 0 ? PAUSE : 0, undefined, { signal });
  await each([...found.jobs].reverse(), async (job) => {
    if (await isRegistered(job, nomad)) return;
    onStep(`purging ${job.id}`);
    await stopAndPurge(nomad.where(placeOf(job)), job.id, { signal });
  });
  // A deployment beside this one needs what stands in Consul, and its jobs are in the record.
  const jobs = await each(found.jobs, async (job) => ({
    ...placed(job),
    result: (await isRegistered(job, nomad)) ? ("again" as const) : ("purged" as const),
  }));
  if (jobs.some(({ result }) => result === "again")) return { jobs, consul: [], record: "kept" };
  for (const pool of found.pools) {
    signal?.throwIfAborted();
    await options.forgetPool(pool);
  }
  const removed = await clearConsul(found.consul, { consul, spared: found.spared, signal, onStep });
  if (removed.some((item) => !item.removed)) return { jobs, consul: removed, record: "kept" };
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

/** Waits until nothing of a job runs any more. @returns false where that takes too long */
async function untilEnded(nomad: NomadClient, { id }: DoomedJob, { until, signal }: DestroyOptions): Promise<boolean> {
  for (;;) {
    signal?.throwIfAborted();
    if ((await nomad.allocations(id)).every(hasEnded)) return true;
    if (until !== undefined && performance.now() >= until) return false;
    await sleep(LOOK, undefined, { signal });
  }
}

function hasEnded({ ClientStatus }: AllocationStub): boolean {
  return ClientStatus === "complete" || ClientStatus === "failed" || ClientStatus === "lost";
}
