import { ReadableError } from "../../errors";
import { type TaskApi } from "../../jobspec/host";
import { randomBytes } from "node:crypto";
import { tellsWhy, type JobJson, type NomadClient } from "../../nomad";
import { isolationOf, type ExecuteOptions, type ExecutionResult, type Executor, type Place } from "../execution";
import { DRIVERS, RuntimeJob, type Execution } from "../jobs";
import type { Output } from "./output";
import { untilRefused, type Decision } from "./placement";

/** The task of a runtime job. */
const TASK = "runtime";
/** The longest that one question waits for a change, in seconds. */
const WAIT = 10;
/** What a command is given beyond its own time before its task gives up waiting, in milliseconds. */
const MARGIN = 60_000;
/** The exit code of a task whose command could not be run, or was lost. */
const LOST = 125;

/**
 * Why a runtime did not start: `placement`, no node took its job; `task`, its task failed, such as for an image that is not there; `time`, it was placed and
 * had not started when its time was over.
 */
export type RuntimeFailure = "placement" | "task" | "time";

/** A runtime that could not be started. */
export class RuntimeFailedError extends ReadableError {
  override readonly name = "RuntimeFailedError";
  readonly code = "runtime-failed";

  constructor(
    /** The job's id. */
    readonly jobId: string,
    /** What went wrong. */
    readonly failure: RuntimeFailure,
    /** What Nomad says of it, without the job's id. */
    readonly why: string,
    message: string,
  ) {
    super(message);
    this.quietly("jobId", "failure", "why");
  }
}

/** What a runtime waits for that has not started yet: a word for each change. */
export interface RuntimeProgress {
  /** `placement`: no node takes its job just now, and Nomad places it once one does; `task`: its task is being made ready. */
  readonly waitsFor: "placement" | "task";
  /** What Nomad says of it. */
  readonly why: string;
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
  /** The driver of its task, for messages. */
  readonly driver: Execution["kind"];
  /** Told what it waits for, before its command runs. */
  readonly onProgress?: (progress: RuntimeProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits until the task of a registered job runs, runs the command in it, and ends the task with the command's exit code, so that the job
 * shows how it went. A job whose command was not run is stopped.
 *
 * @throws RuntimeFailedError where it does not start: in its time, or at once where that is known
 */
export async function runInJob(
  jobId: string,
  command: string,
  { nomad, executor, output }: { readonly nomad: NomadClient; readonly executor: Executor; readonly output: Output },
  options: RunOptions,
): Promise<ExecutionResult> {
  const { startTimeout, driver, onProgress = () => undefined, ...execution } = options;
  let place: Place | undefined;
  try {
    place = await runningPlace(jobId, nomad, { patience: startTimeout, driver, onProgress, signal: options.signal });
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

interface Waiting extends Pick<RunOptions, "driver"> {
  readonly patience: number;
  readonly onProgress: (progress: RuntimeProgress) => void;
  readonly signal: AbortSignal;
}

/** The place of a job's task, once it runs; the scheduler's decision is looked at meanwhile, and ends it where it cannot be placed. */
async function runningPlace(
  jobId: string,
  nomad: NomadClient,
  { patience, driver, onProgress, signal }: Waiting,
): Promise<Place> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  let placement = "";
  const onDecision = ({ state, why }: Decision): void => {
    placement = why;
    if (state === "waiting") onProgress({ waitsFor: "placement", why });
  };
  const refused = untilRefused(jobId, nomad, { onDecision, signal: both }).then(({ why, lacksDriver }) => {
    throw lacksDriver
      ? withoutDriver(jobId, driver)
      : new RuntimeFailedError(jobId, "placement", why, `${jobId} is not placed: ${why}`);
  });
  try {
    const placed = placeOf(jobId, nomad, { patience, driver, onProgress, signal: both }, () => placement);
    return await Promise.race([placed, refused]);
  } finally {
    over.abort();
  }
}

async function placeOf(
  jobId: string,
  nomad: NomadClient,
  { patience, onProgress, signal }: Waiting,
  placement: () => string,
): Promise<Place> {
  const until = performance.now() + patience;
  let latest = "";
  for (let index: number | undefined; ;) {
    signal.throwIfAborted();
    const left = until - performance.now();
    if (left <= 0) throw notStarted(jobId, patience, placement(), latest);
    const seconds = Math.max(1, Math.min(WAIT, Math.ceil(left / 1000)));
    const answer = await nomad.watchAllocations(jobId, { index, seconds, signal });
    index = answer.index;
    const [allocation] = answer.value;
    if (allocation === undefined) continue;
    const { State: state, Events: events = [] } = allocation.TaskStates[TASK] ?? {};
    if (state === "running") {
      const job = await nomad.job(jobId);
      return { allocation: allocation.ID, task: TASK, isolation: isolationOf(driverOf(job), taskOf(job)?.Config) };
    }
    const all = (events ?? []).filter(({ DisplayMessage }) => DisplayMessage !== "");
    // What comes after a failure, such as that it is not restarted, says less than the failure does.
    const why = (all.findLast(tellsWhy) ?? all.at(-1))?.DisplayMessage ?? "";
    if (allocation.ClientStatus !== "pending" && allocation.ClientStatus !== "running") {
      const said = why || allocation.ClientDescription;
      throw new RuntimeFailedError(jobId, "task", said, `${jobId} did not start: ${said}`);
    }
    if (why !== latest) onProgress({ waitsFor: "task", why });
    latest = why;
  }
}

/** No node has the driver: what to write instead. */
function withoutDriver(jobId: string, driver: Execution["kind"]): RuntimeFailedError {
  const why = `no node has the driver ${driver}, or it is healthy on none`;
  const others = DRIVERS.filter((each) => each !== driver).map((each) => (each === "raw_exec" ? RAW : each));
  const instead = `write one that a node has into RUNTIME_DRIVER, or the option execution: ${others.join(" or ")}`;
  return new RuntimeFailedError(jobId, "placement", why, `${jobId} is not placed: ${why}; ${instead}`);
}

const RAW = "raw_exec, which keeps nothing apart";

function notStarted(jobId: string, patience: number, placement: string, latest: string): RuntimeFailedError {
  const within = `${jobId} did not start within ${patience / 1000} s`;
  if (latest === "" && placement !== "")
    return new RuntimeFailedError(jobId, "placement", placement, `${within}: no node takes it: ${placement}`);
  const why = latest === "" ? "its allocation did not start" : latest;
  return new RuntimeFailedError(jobId, "time", why, `${within}: ${why}`);
}

/** The driver of the first task of a job. */
function driverOf(job: JobJson | undefined): string {
  return taskOf(job)?.Driver ?? "";
}

/** The first task of a job. */
function taskOf(job: JobJson | undefined): TaskApi | undefined {
  return job?.TaskGroups?.[0]?.Tasks?.[0];
}
