import pLimit from "p-limit";
import { messageOf, poolOfJob, type JobJson, type NomadClient } from "../../nomad";
import type { RecordedJob, StackIdentity } from "../../stack-record";
import { AT_ONCE } from "../plan";
import type { StackContents } from "../stack";
import { isRegisteredFor } from "./evidence";
import { knownBy, ownerOf, placeOf, recordedJob, stackName, type Owners } from "./owners";

/** A job that a stack brought, that its program does not have any more, and that is on the cluster still. */
export interface Stray extends RecordedJob {
  /** The pool whose containers it runs. */
  readonly pool?: string;
  /** Whether nothing but the record says that it is the stack's. */
  readonly onlyRecorded?: true;
}

/** A stray that stays, and why. */
export interface KeptStray extends Stray {
  readonly reason: string;
  /** Whether it is not known that it is there: Nomad does not tell of it. */
  readonly isUnseen?: true;
}

/** What became of the jobs that a program does not have any more. */
export interface FoundStrays {
  readonly strays: readonly Stray[];
  /** Those that nobody may stop unasked. */
  readonly kept: readonly KeptStray[];
  /** Those of which nothing is left, or which another stack has by now: no record needs them. */
  readonly gone: readonly RecordedJob[];
}

/** What finding strays takes. */
export interface StrayOptions {
  readonly nomad: NomadClient;
  readonly contents: Pick<StackContents, "objects">;
  /** What the records of the cluster say. */
  readonly owners: Pick<Owners, "otherStacks" | "names">;
  /** The stack, where it counts whether the server itself says that the jobs were registered for it. Default: it does not. */
  readonly stack?: StackIdentity;
  /** Why containers of a pool are nobody's to stop: somebody leases some, or that is not known. Undefined where they are. */
  readonly leased: (pool: string) => Promise<string | undefined>;
  readonly signal?: AbortSignal;
}

/**
 * Finds the strays among jobs that a stack brought. What has a parent goes with its parent, and an older generation of a pool is its managers' to take away:
 * neither is a stray.
 *
 * @param known jobs that the stack's record has
 */
export async function findStrays(known: readonly RecordedJob[], options: StrayOptions): Promise<FoundStrays> {
  const { nomad, contents, signal } = options;
  const { otherStacks, names } = options.owners;
  const program = contents.objects.flatMap((item) => (item.kind === "job" ? [item.job] : []));
  const wanted = new Set(program.map((job) => names.of(recordedJob(job))));
  const pools = new Set(program.flatMap((job) => poolOfJob(job) ?? []));
  const limit = pLimit(AT_ONCE);
  const leased = new Map<string, Promise<string | undefined>>();
  const whyLeased = (pool: string) => {
    const asked = leased.get(pool) ?? options.leased(pool);
    leased.set(pool, asked);
    return asked;
  };
  const declared = new Set(program.map((job) => JSON.stringify(recordedJob(job))));
  const judged = await Promise.all(
    known
      .filter(
        (job) =>
          !declared.has(JSON.stringify(recordedJob({ ID: job.id, Region: job.region, Namespace: job.namespace }))),
      )
      .map((job) =>
        limit(async (): Promise<Partial<FoundStrays>> => {
          signal?.throwIfAborted();
          // The program has it, and only says its region or its namespace otherwise.
          if (wanted.has(names.of(job))) return { gone: [job] };
          if (ownerOf(job, otherStacks, names)) return { gone: [job] };
          const held = await heldOr(nomad, job, signal);
          if (typeof held === "string") return { kept: [{ ...job, reason: held, isUnseen: true }] };
          // What a deployment stopped is no stray, and can be brought back as long as it is there.
          if (held?.Stop === true && job.stopped === true) return {};
          if (held === undefined || held.Stop === true) return { gone: [job] };
          if (isChild(held)) return {};
          if (await isHeldForProgram(nomad, held, program)) return { gone: [job] };
          const pool = poolOfJob(held);
          if (pool !== undefined && pools.has(pool)) return {};
          const { stack } = options;
          const isProven = stack === undefined || (await isRegisteredFor(stack, held, nomad.where(placeOf(job))));
          const stray: Stray = isProven ? job : { ...job, onlyRecorded: true };
          if (pool === undefined) return { strays: [stray] };
          const reason = await whyLeased(pool);
          return reason === undefined ? { strays: [{ ...stray, pool }] } : { kept: [{ ...stray, pool, reason }] };
        }),
      ),
  );
  return {
    strays: judged.flatMap(({ strays = [] }) => strays),
    kept: judged.flatMap(({ kept = [] }) => kept),
    gone: judged.flatMap(({ gone = [] }) => gone),
  };
}

/** A job as the server holds it; why it does not say so, in words. */
async function heldOr(
  nomad: NomadClient,
  job: RecordedJob,
  signal: AbortSignal | undefined,
): Promise<JobJson | string | undefined> {
  try {
    return await nomad.where(placeOf(job)).job(job.id);
  } catch (error) {
    signal?.throwIfAborted();
    return `Nomad does not tell of it: ${messageOf(error)}`;
  }
}

/** Whether what a server holds is a job of the program, by the place that the server says: the one that it has where nobody names one may not be known. */
async function isHeldForProgram(nomad: NomadClient, held: JobJson, program: readonly JobJson[]): Promise<boolean> {
  for (const job of program.filter(({ ID }) => ID === held.ID)) {
    const own = await nomad.where(job).job(job.ID);
    if (own && own.Region === held.Region && own.Namespace === held.Namespace && own.Region !== undefined) return true;
  }
  return false;
}

function isChild({ ParentID }: JobJson): boolean {
  return typeof ParentID === "string" && ParentID !== "";
}

/**
 * Stops strays, and leaves them on the cluster, so that they can be brought back. One that Nomad refuses to stop runs on.
 *
 * @returns each with why it runs on; without a reason where it is stopped
 */
export async function stopStrays(
  strays: readonly Stray[],
  {
    nomad,
    onStep,
    signal,
  }: { readonly nomad: NomadClient; readonly onStep: (text: string) => void; readonly signal?: AbortSignal },
): Promise<readonly (Stray & { readonly reason?: string })[]> {
  const done: (Stray & { reason?: string })[] = [];
  for (const stray of strays) {
    signal?.throwIfAborted();
    onStep(`stopping ${stray.id}, which is no longer in the program`);
    try {
      await nomad.where(placeOf(stray)).deregister(stray.id, { purge: false });
      done.push(stray);
    } catch (error) {
      signal?.throwIfAborted();
      done.push({ ...stray, reason: messageOf(error) });
    }
  }
  return done;
}

/** A job of a program that another stack brought. */
export interface ForeignJob extends RecordedJob {
  readonly path: string;
  /** The stack that brought it, such as `staging`, with its project where that is another one. */
  readonly owner: string;
  /** The stack's name alone. */
  readonly environment: string;
  /** Whether that is a stack of another project. */
  readonly isOfOtherProject: boolean;
}

/** Jobs of a program that are another stack's by the records, and not this one's. */
export function foreignJobs(
  { objects }: Pick<StackContents, "objects">,
  { own, otherStacks, names }: Owners,
  project: string,
): readonly ForeignJob[] {
  const known = new Set(own.kind === "found" ? knownBy(own.record).jobs.map((job) => names.of(job)) : []);
  return objects.flatMap((item): readonly ForeignJob[] => {
    if (item.kind !== "job") return [];
    const job = recordedJob(item.job);
    if (known.has(names.of(job))) return [];
    const owner = ownerOf(job, otherStacks, names);
    if (!owner) return [];
    const { environment } = owner;
    const isOfOtherProject = owner.project !== project;
    return [{ ...job, path: item.path, owner: stackName(owner, { project }), environment, isOfOtherProject }];
  });
}

/** Whether the own record of a stack has a job. */
export function isOwn(job: RecordedJob, { own, names }: Pick<Owners, "own" | "names">): boolean {
  return own.kind === "found" && knownBy(own.record).jobs.some((each) => names.of(each) === names.of(job));
}
