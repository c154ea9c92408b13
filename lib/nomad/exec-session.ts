/** What an exec may have along. */
export interface ExecOptions {
  /** Closes the session. That kills nothing: a command that runs goes on. */
  readonly signal?: AbortSignal;
}

/**
 * A command in a running task, with its streams. Both outputs are read as they come; whoever does not read them holds the command up once
 * some 512 KB wait, and so what it writes never fills the memory here.
 */
export interface ExecSession {
  /**
   * Writes to the command's standard input.
   *
   * @returns when the connection has taken it
   */
  write(data: Uint8Array): Promise<void>;
  /** Ends the command's standard input. Without it no exit code comes. */
  end(): Promise<void>;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /**
   * How the command ended, once both outputs were read.
   *
   * Rejected with an ApiError where the server refused it (no such allocation or task, no such program: then nothing ran), and with a
   * NoAnswerError where the connection was lost or is silent: then it is not known what the command does.
   */
  readonly exitCode: Promise<number>;
  /** Lets go of the connection, without a word to the command: it goes on. */
  close(): void;
}
