import type { Drift, Environment, EnvironmentList, Job, TaskLog } from "./api";
import type { LogPosition, LogReader } from "./log";

/** Which job of an environment is meant: the same id may be in several regions, and in several namespaces. */
export interface JobPlace {
  readonly job: string;
  readonly region?: string;
  readonly namespace?: string;
}

/** What is told of an environment as it changes. */
export interface EnvironmentListener {
  /** Which jobs it has, at first and whenever that changes. */
  readonly onJobs: (keys: readonly string[]) => void;
  /** What became of one of them. */
  readonly onJob: (key: string, job: Job) => void;
  /** What stands in the way of knowing it; undefined once nothing does any more. */
  readonly onTrouble: (message: string | undefined) => void;
}

/**
 * What the page asks of environments, and all that it asks. A cluster answers it ({@link clusterEnvironments}), and tests of the routes answer it
 * themselves. Everything that it gives is masked.
 */
export interface Environments {
  list(signal?: AbortSignal): Promise<EnvironmentList>;
  /**
   * Follows the jobs of an environment until the function that it returns is called.
   *
   * @throws HttpProblem where there is no such environment
   */
  follow(id: string, listener: EnvironmentListener): Promise<() => void>;
  /**
   * What became of its jobs.
   *
   * @throws HttpProblem where there is no such environment
   */
  status(id: string, signal?: AbortSignal): Promise<readonly Job[]>;
  /**
   * Promotes the canaries of a job, as `cdk-nomad promote` does.
   *
   * @param deployment the one that somebody looked at
   * @throws HttpProblem where it is another stack's, Terraform's, another deployment, or its canaries are not healthy
   */
  promote(id: string, place: JobPlace, deployment: string): Promise<void>;
  /**
   * What differs from what the program says.
   *
   * @throws HttpProblem where the program is not here, or fails
   */
  drift(id: string, signal?: AbortSignal): Promise<Drift>;
  /**
   * The last of what a task of an environment wrote.
   *
   * @throws HttpProblem where it is no task of the environment
   */
  log(id: string, task: TaskPlace, signal?: AbortSignal): Promise<TaskLog>;
  /**
   * Follows what a task of an environment writes until it ends, or the function that it returns is called.
   *
   * @param from where somebody was who was cut off. Default: the last 128 KiB are told first
   * @throws HttpProblem where it is no task of the environment
   */
  followLog(id: string, task: TaskPlace, reader: LogReader, from?: LogPosition): Promise<() => void>;
  close(): Promise<void>;
}

/** Whose output is meant: only the servers of the job's own region are asked. */
export interface TaskPlace extends JobPlace {
  readonly allocation: string;
  readonly task: string;
  readonly stream: "stdout" | "stderr";
}

/** What only the program of a project tells: where there is one. */
export interface ProgramEnvironments {
  /** The identity of its project, as records have it. */
  readonly project: string;
  /** The names of its stacks. */
  names(signal?: AbortSignal): Promise<readonly string[]>;
  /** What differs between one of them and the cluster, masked. */
  drift(environment: string, signal?: AbortSignal): Promise<Drift>;
}

/** What a stack is called in an address. */
export function environmentId(recordPath: string, root: string): string {
  // Neither half has a dot: the steps of a record's path are of letters, digits, `-`, `_` and `~`.
  return recordPath.slice(root.length).replace("/", ".");
}

export type { Environment };
