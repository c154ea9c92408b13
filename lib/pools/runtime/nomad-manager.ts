import { UserError } from "../../errors";
import { Duration } from "../../jobspec";
import { ANYTHING, checkProps, NUMBER, OBJECT, required, TEXT, type PropKinds } from "../../jobspec/host";
import { stopAndPurge, type JobJson, type NomadClient } from "../../nomad";
import type { ExecuteOptions, ExecutionResult, Executor } from "../execution";
import { BrowserVmJob, IN_DOCKER, RuntimeJob, type BrowserMachine, type Execution, type Provider } from "../jobs";
import { monotonicClock, type Clock } from "../leases";
import { clusterStatus, type ClusterStatus } from "./cluster-status";
import { secretsOf, type Credentials } from "./credentials";
import { Output, type KeptOutput, type OutputChunk } from "./output";
import { limitOf, nonce, runInJob, type RuntimeProgress } from "./run";

/** What a {@link NomadManager} is made of. */
export interface NomadManagerOptions {
  /** The Nomad that runs the jobs. */
  readonly nomad: NomadClient;
  /** What runs the commands of runtime jobs. */
  readonly executor: Executor;
  /** The datacenter of the jobs. Default: any. */
  readonly datacenter?: string;
  /** How the commands of runtime jobs are run, where a request says nothing. Default: in containers of the provider's image. */
  readonly execution?: Execution;
  /** How browsers' machines are run. Default: Firecracker. */
  readonly machine?: BrowserMachine;
  /** How long a runtime job may take to start, in milliseconds. Default: 60,000. */
  readonly startTimeout?: number;
  /** How long the output of a runtime job is kept once it has ended, in milliseconds. Default: one hour. */
  readonly keepOutput?: number;
  /** How much of it is kept, in bytes, of both streams together. Default: 1 MB. */
  readonly outputLimit?: number;
  /** Default: the clock of this process. */
  readonly clock?: Clock;
  /** Milliseconds since 1970, for the ids of jobs. Default: those of this machine. */
  readonly timestamp?: () => number;
}

/** A command that is run once, in a job of its own. */
export interface RuntimeJobRequest extends Pick<ExecuteOptions, "env" | "stdin" | "cwd" | "timeout" | "signal"> {
  /** The user that it runs for; any text. */
  readonly userId: string;
  /** Whose image, and whose key, the command has. */
  readonly provider: Provider;
  /** Keys of the provider. They reach the command alone: no job, no argument and no log has them. Default: none. */
  readonly credentials?: Credentials;
  /** A line for `/bin/sh -c`. */
  readonly command: string;
  /** Further secret environment variables. Default: none. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** How the command is run. Default: as the manager's. */
  readonly execution?: Execution;
  /** How long the job may take to start, in milliseconds. Default: as the manager's. */
  readonly startTimeout?: number;
  /**
   * Told, once for each change, what the job waits for until its command runs: a node that takes it, or its task. A job that no node takes just
   * now may still be placed within its time; one that cannot be is failed at once. Default: nobody is told
   */
  readonly onProgress?: (progress: RuntimeProgress) => void;
}

/** A job that was submitted. */
export interface SubmittedJob {
  /** That Nomad took it: what it refuses is thrown. */
  readonly success: true;
  /** The job's id. */
  readonly jobId: string;
  /** The evaluation that places it. */
  readonly evalId: string;
  /** The provider that it was submitted for. */
  readonly provider: string;
  /** The user that it was submitted for. */
  readonly userId: string;
}

/** A browser in a machine of its own, for one login. */
export interface BrowserVmRequest {
  /** The user that it is for; any text. */
  readonly userId: string;
  /** The login's own id; any text. */
  readonly sessionId: string;
  /** Where the person logs in, such as `google`. */
  readonly provider: string;
  /** 192.168.100.1 to 192.168.100.254. */
  readonly vmIp: string;
  /** The port of its screen on the node, 5900 to 65535. Default: 5900 and the last part of the address. */
  readonly vncPort?: number;
}

/** How a job does, as Nomad says. */
export interface JobStatus {
  /** Whether Nomad has the job. */
  readonly exists: boolean;
  /** The id that was asked for. */
  readonly jobId: string;
  /** `pending`, `running`, `dead`; `not-found`. */
  readonly status: string;
  /** What Nomad says beside the status; empty where it says nothing. Default: there is no such job. */
  readonly statusDescription?: string;
  /** `service`, `batch`, `system` or `sysbatch`. Default: there is no such job. */
  readonly type?: string;
  /** The higher, the sooner it is placed; 50 where nobody says it. Default: there is no such job. */
  readonly priority?: number;
  /** The region that it is in. Default: there is no such job. */
  readonly region?: string;
  /** The datacenters that it may be placed in, `*` for all. Default: there is no such job. */
  readonly datacenters?: readonly string[];
  /** When it was submitted, in nanoseconds since 1970. Default: there is no such job. */
  readonly submitTime?: number;
  /** The job's own meta. Default: there is no such job. */
  readonly meta?: Readonly<Record<string, string>>;
}

/** An allocation of a job. */
export interface JobAllocation {
  /** Its id. */
  readonly id: string;
  /** Its name: job, group and number, as `web.web[0]`. */
  readonly name: string;
  /** The id of the node that it is on. */
  readonly nodeId: string;
  /** The group's name. */
  readonly taskGroup: string;
  /** How it does, as its node says: `pending`, `running`, `complete`, `failed`, `lost` or `unknown`. */
  readonly clientStatus: string;
  /** What the servers want of it: `run`, `stop` or `evict`. */
  readonly desiredStatus: string;
  /** Nanoseconds since 1970. */
  readonly createTime: number;
  /** Nanoseconds since 1970. */
  readonly modifyTime: number;
}

/** What a manager has done since it was made. */
export interface ManagerMetrics {
  /** Jobs that Nomad took: runtime jobs and machines of browsers. */
  readonly jobsSubmitted: number;
  /** Runtime jobs whose command has not ended yet. */
  readonly jobsRunning: number;
  /** Those whose command ended with 0. */
  readonly jobsCompleted: number;
  /** Those whose command ended otherwise, or was not run. */
  readonly jobsFailed: number;
  /** Allocations of the jobs that were asked about with getJobAllocations. */
  readonly totalAllocations: number;
}

/** A runtime job as its manager remembers it. */
const KINDS: PropKinds<NomadManagerOptions> = {
  nomad: required(OBJECT),
  executor: required(OBJECT),
  datacenter: TEXT,
  execution: OBJECT,
  machine: OBJECT,
  startTimeout: NUMBER,
  keepOutput: NUMBER,
  outputLimit: NUMBER,
  clock: OBJECT,
  timestamp: ANYTHING,
};

interface Run {
  readonly output: Output;
  readonly cancel: AbortController;
  readonly result: Promise<ExecutionResult>;
}

const START_TIMEOUT = 60_000;
const TIMEOUT = 300_000;
const HOUR = 3_600_000;
const OUTPUT_LIMIT = 1_000_000;
/** How long an answer about a job is taken for a new one, in milliseconds. */
const FRESH = 2000;
const HEALTH_TIMEOUT = 5000;
/** Answers about jobs that are remembered. */
const REMEMBERED = 1000;

/**
 * Runs single commands and browsers as jobs of their own, and says how the cluster does: Polydev's manager, with its names.
 *
 * What a runtime job writes is kept here, for an hour after its end and 1 MB for each job; after that, or in another process, it is gone.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs/jobs#create-job
 */
export class NomadManager {
  readonly #runs = new Map<string, Run>();
  readonly #statuses = new Map<string, { readonly at: number; readonly status: JobStatus }>();
  readonly #forgetting = new Map<string, () => void>();
  readonly #clock: Clock;
  /** The client that it asks. */
  readonly nomad: NomadClient;
  /** What runs its commands. */
  readonly executor: Executor;
  readonly #counts = { submitted: 0, running: 0, completed: 0, failed: 0, allocations: 0 };

  constructor(private readonly options: NomadManagerOptions) {
    checkProps(options, "NomadManager", KINDS);
    this.#clock = options.clock ?? monotonicClock;
    this.nomad = options.nomad;
    this.executor = options.executor;
  }

  /**
   * Registers a batch job for one command. It returns once the job is registered; the command runs as soon as the job does, and
   * {@link result} waits for its end. The job holds neither the command nor its environment: both are brought into its task, which waits.
   *
   * @throws UserError for an unknown provider; what Nomad says, where it refuses the job
   */
  async submitRuntimeJob(request: RuntimeJobRequest): Promise<SubmittedJob> {
    const { userId, provider, command, credentials, secrets, timeout = TIMEOUT, execution } = request;
    const { nomad, executor } = this;
    const { startTimeout = this.options.startTimeout ?? START_TIMEOUT, onProgress } = request;
    const { kind: driver } = execution ?? this.options.execution ?? IN_DOCKER;
    const all = { ...secretsOf(provider, credentials), ...secrets };
    const job = RuntimeJob.waiting({
      provider,
      userId,
      // eslint-disable-next-line no-restricted-properties -- the job's name has the time of day
      timestamp: (this.options.timestamp ?? Date.now)(),
      nonce: nonce(),
      execution: execution ?? this.options.execution,
      datacenters: this.datacenters,
      limit: Duration.milliseconds(limitOf(startTimeout, timeout)),
    });
    const { EvalID: evalId } = await this.register(job.toApi().Job as JobJson);
    const output = new Output(this.options.outputLimit ?? OUTPUT_LIMIT);
    const cancel = new AbortController();
    const { env, stdin, cwd } = request;
    const signal = request.signal ? AbortSignal.any([request.signal, cancel.signal]) : cancel.signal;
    const result = this.follow(
      job.id,
      output,
      runInJob(
        job.id,
        command,
        { nomad, executor, output },
        { env, secrets: all, stdin, cwd, timeout, startTimeout, driver, onProgress, signal },
      ),
    );
    // Whoever does not ask how it ended is not interrupted by that it failed.
    result.catch(() => undefined);
    this.#runs.set(job.id, { output, cancel, result });
    return { success: true, jobId: job.id, evalId, provider, userId };
  }

  /** Registers a browser's machine. It runs until {@link stopJob}. */
  async submitBrowserVMJob(request: BrowserVmRequest): Promise<SubmittedJob> {
    const { userId, sessionId, provider, vmIp, vncPort } = request;
    const { machine } = this.options;
    const job = new BrowserVmJob({
      userId,
      sessionId,
      provider,
      vmIp,
      vncPort,
      machine,
      datacenters: this.datacenters,
    });
    const { EvalID: evalId } = await this.register(job.toApi().Job as JobJson);
    return { success: true, jobId: job.id, evalId, provider, userId };
  }

  /**
   * How the command of a runtime job ended, once it has.
   *
   * @throws UserError where this manager knows no such job, or knows it no more; RuntimeFailedError, ExecutionLostError where the command was
   *   not run to its end
   */
  async result(jobId: string): Promise<ExecutionResult> {
    return this.run(jobId).result;
  }

  /** What a runtime job has written so far, as far as it is kept. @throws UserError as {@link result} */
  output(jobId: string): KeptOutput {
    return this.run(jobId).output.kept();
  }

  /** What a runtime job writes, from its beginning on, as it comes, until it ends. @throws UserError as {@link result} */
  followOutput(jobId: string, signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    return this.run(jobId).output.follow(signal);
  }

  /** Forgets what a runtime job has written, before its hour is over: whoever runs many need not keep them all. One that still runs goes on. */
  forget(jobId: string): void {
    this.#forgetting.get(jobId)?.();
    this.#forgetting.delete(jobId);
    this.#runs.delete(jobId);
  }

  /**
   * How a job does, as Nomad says.
   *
   * @param useCache whether an answer of the last two seconds will do. Default: true
   * @throws NoAnswerError, ApiError where Nomad does not answer, or refuses
   */
  async getJobStatus(jobId: string, useCache = true): Promise<JobStatus> {
    const known = this.#statuses.get(jobId);
    const now = this.#clock.now();
    if (useCache && known && now - known.at < FRESH) return known.status;
    const status = statusOf(jobId, await this.nomad.job(jobId));
    if (this.#statuses.size >= REMEMBERED) this.#statuses.clear();
    this.#statuses.set(jobId, { at: now, status });
    return status;
  }

  /** Allocations of a job; none where there is no such job. */
  async getJobAllocations(jobId: string): Promise<readonly JobAllocation[]> {
    const found = await this.nomad.allocations(jobId);
    this.#counts.allocations += found.length;
    return found.map((allocation) => ({
      id: allocation.ID,
      name: allocation.Name,
      nodeId: allocation.NodeID,
      taskGroup: allocation.TaskGroup,
      clientStatus: allocation.ClientStatus,
      desiredStatus: allocation.DesiredStatus,
      createTime: allocation.CreateTime,
      modifyTime: allocation.ModifyTime,
    }));
  }

  /**
   * Stops a job; a command of it that runs is cancelled.
   *
   * @param purge whether Nomad forgets it. Default: true
   * @returns `success` false where there is no such job
   */
  async stopJob(
    jobId: string,
    purge = true,
  ): Promise<{ readonly success: boolean; readonly jobId: string; readonly evalId: string; readonly purged: boolean }> {
    this.#statuses.delete(jobId);
    const run = this.#runs.get(jobId);
    run?.cancel.abort(new UserError([problem(jobId, "was stopped")]));
    const evalId = await stopAndPurge(this.nomad, jobId, { purge });
    return { success: evalId !== undefined, jobId, evalId: evalId ?? "", purged: evalId !== undefined && purge };
  }

  /** How the cluster does, with what its allocations have reserved. */
  async getClusterStatus(): Promise<ClusterStatus & { readonly metrics: ManagerMetrics }> {
    return { ...(await clusterStatus(this.nomad)), metrics: this.metrics };
  }

  /** Whether Nomad answers within five seconds, and has a leader. */
  async healthCheck(): Promise<boolean> {
    let forget = (): void => undefined;
    const late = new Promise<false>((resolve) => {
      forget = this.#clock.after(HEALTH_TIMEOUT, () => resolve(false));
    });
    const asked = this.nomad.leader().then(
      (leader) => leader !== undefined,
      () => false,
    );
    return Promise.race([asked, late]).finally(() => forget());
  }

  /** What this manager has done so far. */
  get metrics(): ManagerMetrics {
    const { submitted, running, completed, failed, allocations } = this.#counts;
    return {
      jobsSubmitted: submitted,
      jobsRunning: running,
      jobsCompleted: completed,
      jobsFailed: failed,
      totalAllocations: allocations,
    };
  }

  /** Cancels every command that runs, waits for their ends, and forgets what was written. The connections are whose they were. */
  async close(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const { cancel } of runs) cancel.abort(new UserError([problem("", "the manager was closed")]));
    await Promise.allSettled(runs.map(({ result }) => result));
    for (const forget of this.#forgetting.values()) forget();
    this.#forgetting.clear();
    this.#runs.clear();
  }

  private get datacenters(): readonly string[] | undefined {
    const { datacenter } = this.options;
    return datacenter === undefined ? undefined : [datacenter];
  }

  private async register(job: JobJson) {
    // An id that is there already is somebody else's job.
    const registration = await this.nomad.register(job, 0);
    this.#counts.submitted += 1;
    return registration;
  }

  private run(jobId: string): Run {
    const run = this.#runs.get(jobId);
    if (run) return run;
    throw new UserError([
      problem(
        jobId,
        "is not known here: its output is kept for an hour, by the manager that submitted it; submit it again",
      ),
    ]);
  }

  /** Counts how a run ends, and forgets it some time after. */
  private async follow(jobId: string, output: Output, running: Promise<ExecutionResult>): Promise<ExecutionResult> {
    this.#counts.running += 1;
    try {
      const result = await running;
      if (result.exitCode === 0) this.#counts.completed += 1;
      else this.#counts.failed += 1;
      return result;
    } catch (error) {
      this.#counts.failed += 1;
      throw error;
    } finally {
      this.#counts.running -= 1;
      output.end();
      // That something is remembered keeps no process alive.
      const forget = () => this.forget(jobId);
      this.#forgetting.set(jobId, this.#clock.after(this.options.keepOutput ?? HOUR, forget, { idle: true }));
    }
  }
}

function problem(path: string, message: string): UserError["problems"][number] {
  return { rule: "runtime/job", path: [path], message, severity: "error" };
}

function statusOf(jobId: string, job: JobJson | undefined): JobStatus {
  if (job === undefined) return { exists: false, jobId, status: "not-found" };
  const of = job as JobJson & Readonly<Record<string, never>>;
  return {
    exists: true,
    jobId,
    status: String(job.Status ?? "unknown"),
    statusDescription: String(job.StatusDescription ?? ""),
    type: job.Type ?? undefined,
    priority: job.Priority ?? undefined,
    region: job.Region ?? undefined,
    datacenters: job.Datacenters ?? [],
    submitTime: of.SubmitTime,
    meta: job.Meta ?? {},
  };
}
