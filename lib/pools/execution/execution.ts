import { ReadableError } from "../../errors";

/** How a command is run in a place that is leased. */
export interface ExecuteOptions {
  /** Environment variables of the command, in the clear for whoever may look into the place. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Environment variables that are secret. They reach the command over its standard input and stand in no job, argument, log or answer of
   * Nomad's. Default: none.
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What the command reads. Default: nothing, its standard input ends at once. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** The folder that it starts in, an absolute path or one below the workspace. Default: the place's workspace, `workspace` in the task's own folder. */
  readonly cwd?: string;
  /** After how many milliseconds it is killed, with everything that it started. Default: 300,000 (5 minutes). */
  readonly timeout?: number;
  /** Is given what it writes, as it comes; the next piece is read when the promise that is returned has settled. Default: it is kept for the result. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  /** The same for its standard error. Default: it is kept for the result. */
  readonly onStderr?: (chunk: Uint8Array) => void | Promise<void>;
  /** The most bytes of each stream that the result keeps; the rest is read and dropped, and the result says so. Default: 1 MiB. */
  readonly outputLimit?: number;
  /** Cancels it: the command is killed with everything that it started. Default: nobody does. */
  readonly signal?: AbortSignal;
}

/** How a command ended. */
export interface ExecutionResult {
  /** 0 to 255; 124 where it ran out of time, 130 where it was cancelled, as a shell has them. */
  readonly exitCode: number;
  /** Whether it ended by itself, ran out of time, or was cancelled. */
  readonly ended: "exited" | "timeout" | "cancelled";
  /** The beginning of what it wrote, as UTF-8; empty where `onStdout` took it. */
  readonly stdout: string;
  /** The beginning of what it wrote to its standard error, as UTF-8; empty where `onStderr` took it. */
  readonly stderr: string;
  /** Whether something was dropped beyond the limit. */
  readonly truncated: boolean;
  /** From the moment that it was asked for to its end, in milliseconds. */
  readonly duration: number;
  /**
   * What keeps it apart from other users of the same machine: `container` (docker), `chroot` (the exec driver), `sandbox` (a user and
   * namespaces of its own) or `none` (raw_exec: whoever has a command there reaches what the agent's user reaches).
   */
  readonly isolation: "container" | "chroot" | "sandbox" | "none";
}

/** Where a command can be run: a task of a running allocation. */
export interface Place {
  /** The id of the allocation. */
  readonly allocation: string;
  /** The task's name. */
  readonly task: string;
  /** What keeps its commands apart from those of others on the same machine. */
  readonly isolation: ExecutionResult["isolation"];
}

/**
 * Runs commands in places. What is in a command, its environment and its input is data: it reaches the place over standard input alone.
 */
export interface Executor {
  /**
   * Runs a command to its end. When this settles, nothing that the command started is left, children with a session of their own among it.
   *
   * @param command a line for `/bin/sh -c`, or a program with its arguments
   * @throws UserError for what cannot be run: a NUL, a variable's name that no shell has, more than fits (rule `execute/…`)
   * @throws ExecutionLostError where the place ended, or was not reached any more, under the command
   * @throws NoAnswerError, ApiError where it was not started at all
   */
  execute(place: Place, command: string | readonly string[], options?: ExecuteOptions): Promise<ExecutionResult>;
  /**
   * Takes away what executions left in a place, so that the same user may have it again: their processes, the workspace, and `/tmp` where it
   * is the task's own. Looks afterwards whether it is so.
   *
   * @throws ExecutionLostError where it is not known to be clean: the place must then be ended
   */
  wipe(place: Place, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** A place that ended, or could not be reached, under a command. What the command did until then is not known. */
export class ExecutionLostError extends ReadableError {
  override readonly name = "ExecutionLostError";
  readonly code = "place-lost";

  constructor(
    /** Where the command ran. */
    readonly place: Place,
    message: string,
  ) {
    super(message);
    this.quietly("place");
  }
}
