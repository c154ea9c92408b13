import { randomBytes } from "node:crypto";
import type { JobJson, NomadClient } from "../../nomad";
import { isolationOf, type ExecuteOptions, type ExecutionResult, type Executor, type Place } from "../execution";
import { RuntimeJob } from "../jobs";
import type { Output } from "./output";

/** The task of a runtime job. */
const TASK = "runtime";
/** The longest that one question waits for a change, in seconds. */
const WAIT = 10;
/** What a command is given beyond its own time before its task gives up waiting, in milliseconds. */
const MARGIN = 60_000;
/** The exit code of a task whose command could not be run, or was lost. */
const LOST = 125;

/** A runtime that could not be started, or was lost before its command had ended. */
export class RuntimeFailedError extends Error {
  override readonly name = "RuntimeFailedError";

  constructor(
    readonly jobId: string,
    message: string,
  ) {
    super(message);
  }
}

/** How long the task of a job waits for the end of its command at most, in milliseconds. */
export function limitOf(startTimeout: number, timeout: number): number {
  return startTimeout + timeout + MARGIN;
}

/** Something random that tells two jobs apart. */
export function nonce(): string {
  return randomBytes(8).toString("hex");
}

/** What a run takes. */
export interface RunOptions extends Omit<ExecuteOptions, "onStdout" | "onStderr"> {
  /** How long the job may take to be placed and to start, in milliseconds. */
  readonly startTimeout: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until the task of a registered job runs, runs the command in it, and ends the task with the command's exit code, so that the job
 * shows how it went. A job whose command was not run is stopped.
 *
 * @throws RuntimeFailedError where it does not start, or is lost
 */
export async function runInJob(
  jobId: string,
  command: string,
  { nomad, executor, output }: { readonly nomad: NomadClient; readonly executor: Executor; readonly output: Output },
  options: RunOptions,
): Promise<ExecutionResult> {
  const { startTimeout, ...execution } = options;
  let place: Place | undefined;
  try {
    place = await runningPlace(jobId, nomad, startTimeout, options.signal);
    const result = await executor.execute(place, command, {
      ...execution,
      onStdout: (data) => output.write("stdout", data),
      onStderr: (data) => output.write("stderr", data),
    });
    await end(place, result.exitCode, executor, jobId, nomad);
    return { ...result, ...output.kept() };
  } catch (error) {
    // Whatever it was: nothing shall go on waiting for somebody who does not come.
    if (place) await end(place, LOST, executor, jobId, nomad);
    else await nomad.deregister(jobId).catch(() => undefined);
    throw error;
  }
}

/** Ends the task with an exit code; stops the job where that cannot be said. */
async function end(place: Place, code: number, executor: Executor, jobId: string, nomad: NomadClient): Promise<void> {
  try {
    const { exitCode } = await executor.execute(place, RuntimeJob.ending(code), { timeout: 5000 });
    if (exitCode === 0) return;
  } catch {
    // Its allocation may have ended under it.
  }
  await nomad.deregister(jobId).catch(() => undefined);
}

/** The place of a job's task, once it runs. */
async function runningPlace(jobId: string, nomad: NomadClient, patience: number, signal: AbortSignal): Promise<Place> {
  const until = performance.now() + patience;
  for (let index: number | undefined; ;) {
    signal.throwIfAborted();
    const left = until - performance.now();
    if (left <= 0) throw await notStarted(jobId, nomad, patience);
    const seconds = Math.max(1, Math.min(WAIT, Math.ceil(left / 1000)));
    const answer = await nomad.watchAllocations(jobId, { index, seconds, signal });
    index = answer.index;
    const [allocation] = answer.value;
    if (allocation === undefined) continue;
    if (allocation.TaskStates[TASK]?.State === "running") {
      const job = await nomad.job(jobId);
      return { allocation: allocation.ID, task: TASK, isolation: isolationOf(driverOf(job)) };
    }
    if (allocation.ClientStatus !== "pending" && allocation.ClientStatus !== "running") {
      const events = allocation.TaskStates[TASK]?.Events ?? [];
      const why = events.map(({ DisplayMessage }) => DisplayMessage).findLast((text) => text !== "");
      throw new RuntimeFailedError(jobId, `${jobId} did not start: ${why ?? allocation.ClientDescription}`);
    }
  }
}

async function notStarted(jobId: string, nomad: NomadClient, patience: number): Promise<RuntimeFailedError> {
  const evaluations = await nomad.evaluations(jobId).catch(() => []);
  const hasNoRoom = evaluations.some(({ FailedTGAllocs }) => Object.keys(FailedTGAllocs).length > 0);
  const why = hasNoRoom
    ? `no node takes it: "nomad job status ${jobId}" says what is missing`
    : "its allocation did not start";
  return new RuntimeFailedError(jobId, `${jobId} did not start within ${patience / 1000} s: ${why}`);
}

/** The driver of the first task of a job. */
export function driverOf(job: JobJson | undefined): string {
  const groups = (job?.TaskGroups ?? []) as readonly { readonly Tasks?: readonly { readonly Driver?: string }[] }[];
  return groups[0]?.Tasks?.[0]?.Driver ?? "";
}
