import { setTimeout as sleep } from "node:timers/promises";
import { ChangedMeanwhile, type UserError } from "../../errors";
import type { Masking } from "../../masking";
import { isConflict, type JobJson, type NomadClient, type Registration } from "../../nomad";
import { recordPath, SUBMITTED_FOR, type StackIdentity } from "../../stack-record";
import { changedMeanwhile } from "./changed-meanwhile";
import type { Planned } from "./job-plan";
import { keepsCounts } from "./scaled-counts";
import { Scalings, type ScalingsVerdict } from "./scalings";

/** Registrations that meet nothing but scalings are tried again, so often. */
const TRIES = 20;
const RECHECK_AFTER: readonly number[] = [30, 70, 150, 350];

/** What registering takes. */
export interface RegisterOptions {
  readonly nomad: NomadClient;
  readonly signal?: AbortSignal;
  /** The stack that the job is registered for, which is kept beside its version. Default: none is. */
  readonly stack?: StackIdentity;
  /**
   * Given for the job that goes before all others of its stack; called once the newest version is known to be what was registered. A server compares
   * indexes before it writes, and takes two registrations of the same moment: then the newest one counts, and the other one is refused here.
   */
  readonly onTaken?: () => void;
  /** Asks a server that is not well again, once the job is registered. Default: what it says is thrown. */
  readonly asking?: <T>(ask: () => Promise<T>) => Promise<T>;
  /** Asked where the server refused the job: whether what is there now is the same, and what began it. Default: the refusal is thrown. */
  readonly onRefused?: () => Promise<Registration | undefined>;
  /** Told of a change that the registration took back, where the rest of the stack is to follow all the same. Default: it is thrown. */
  readonly onTookBack?: (error: UserError) => void;
  /** Makes a write. Default: it is made, and nobody is told. */
  readonly writing?: <T>(write: () => Promise<T>) => Promise<T>;
  /** Hides what it is told to hide in what is said of others' changes. */
  readonly masking: Masking;
  /**
   * When the versions are looked at after a registration, in milliseconds since the look before. Default: four times in 600 ms, within which a
   * scaling has ended that the server had begun before; it writes the job as it was, and what begins later reads what was registered.
   */
  readonly recheckAfter?: readonly number[];
}

/**
 * Registers a job for the index that it was planned for, and loses no scaling of the same moment.
 *
 * Where no count of the job is to be changed, the server keeps them as it writes (`PreserveCounts`). And of jobs that are scaled, the versions
 * are looked at afterwards: what a scaling overwrote, or was overwritten of a scaling, is registered again, until the newest version is the
 * program's with the counts that were asked for last.
 *
 * @returns what the newest version began that has all of that
 * @throws UserError where somebody changed something else than counts that a scaling policy owns, or these never rest
 * @see https://developer.hashicorp.com/nomad/api-docs/jobs#preservecounts
 */
export async function register(planned: Planned, options: RegisterOptions): Promise<Registration> {
  const { path, modifyIndex: index } = planned.plan;
  const nomad = options.nomad.where(planned.job);
  const changed = (replaced = false) =>
    changedMeanwhile(nomad, planned.job, { index, path, masking: options.masking, replaced });
  const {
    recheckAfter = RECHECK_AFTER,
    signal,
    stack,
    asking = (ask) => ask(),
    writing = (write) => write(),
  } = options;
  const versions = async () => (await asking(() => nomad.versions(planned.job.ID, { diffs: false }))).Versions;
  let isTaken = false;
  const taken = () => {
    isTaken = true;
    options.onTaken?.();
  };
  const refused = async () => {
    const same = await options.onRefused?.();
    if (!same) throw await changed();
    return same;
  };
  const tookBack = async () => {
    const error = await changed(true);
    if (!options.onTookBack) throw error;
    options.onTookBack(error);
    taken();
  };
  const { held } = planned;
  if (!held) {
    const registration = await registerFor(nomad, { ...planned, stack }, index, writing);
    if (!registration) return refused();
    if (options.onTaken) {
      await sleep(recheckAfter[0] ?? 0, undefined, { signal });
      const scalings = new Scalings(planned);
      scalings.registered(registration.JobModifyIndex);
      const verdict = scalings.look(await versions());
      if (verdict.kind === "changed" && !verdict.isNewest) throw await changed();
      if (verdict.kind === "changed") await tookBack();
    }
    taken();
    return registration;
  }
  const scalings = new Scalings(planned);
  let done: Registration | undefined;
  let now = { job: planned.job, held, index };
  for (let tries = 0; tries < TRIES; tries += 1) {
    signal?.throwIfAborted();
    const registration = await registerFor(nomad, { ...now, source: planned.source, stack }, now.index, writing);
    if (registration) scalings.registered(registration.JobModifyIndex);
    done = registration ?? done;
    const pauses = registration ? recheckAfter : [0];
    const verdict = await lookAfter(versions, scalings, { pauses, onSettled: taken, signal });
    if (verdict.kind === "again") {
      now = { ...verdict, index: Number(verdict.held.JobModifyIndex) };
      continue;
    }
    if (!done) return refused();
    // Whoever changes a job after it was registered may: what became of the registration is for whoever watches it.
    if (verdict.kind === "changed" && !verdict.isNewest && options.onTaken && !isTaken) throw await changed();
    if (verdict.kind === "changed" && verdict.replaced) await tookBack();
    return verdict.kind === "settled" ? begunBy(nomad, verdict.newest, done) : done;
  }
  const message = "counts of it are changed again and again while it is registered; deploy again once that rests";
  throw new ChangedMeanwhile(path, message);
}

/** Undefined where the job has another index. */
async function registerFor(
  nomad: NomadClient,
  { job, held, source, stack }: Pick<Planned, "job" | "held" | "source"> & Pick<RegisterOptions, "stack">,
  index: number,
  writing: NonNullable<RegisterOptions["writing"]>,
): Promise<Registration | undefined> {
  try {
    const variables = stack && { [SUBMITTED_FOR]: recordPath(stack) };
    return await writing(() =>
      nomad.register(job, index, { source, variables, preserveCounts: keepsCounts(job, held) }),
    );
  } catch (error) {
    if (!isConflict(error)) throw error;
    return undefined;
  }
}

/** The first of several looks that finds something else than the last one shall find. */
async function lookAfter(
  versions: () => Promise<readonly JobJson[]>,
  scalings: Scalings,
  {
    pauses,
    onSettled,
    signal,
  }: { readonly pauses: readonly number[]; readonly onSettled: () => void; readonly signal: AbortSignal | undefined },
): Promise<ScalingsVerdict> {
  let verdict: ScalingsVerdict = { kind: "gone" };
  for (const pause of pauses) {
    await sleep(pause, undefined, { signal });
    verdict = scalings.look(await versions());
    if (verdict.kind !== "settled") break;
    onSettled();
  }
  return verdict;
}

/** Where a scaling followed, its version is the one to watch: the deployment of the one before ends with it. */
async function begunBy(nomad: NomadClient, newest: JobJson, registration: Registration): Promise<Registration> {
  const index = Number(newest.JobModifyIndex);
  if (index <= registration.JobModifyIndex || registration.EvalID === "") return registration;
  const evaluations = await nomad.evaluations(newest.ID);
  const own = evaluations.find(({ JobModifyIndex }) => JobModifyIndex === index);
  return { ...registration, JobModifyIndex: index, EvalID: own?.ID ?? registration.EvalID };
}
