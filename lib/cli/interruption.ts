import { EXIT, type ExitCode } from "./exit-codes";

/** Why a command is ended before it is done: a signal, or nobody reads what it prints. */
export class Interruption extends Error {
  constructor(
    override readonly name: "SIGINT" | "SIGTERM" | "closed",
    readonly exitCode: ExitCode,
    message: string = name,
  ) {
    super(message);
  }

  /** The exit codes of a shell: 128 and the number of the signal. */
  static bySignal(name: "SIGINT" | "SIGTERM"): Interruption {
    return new Interruption(name, name === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
  }

  /** Why a signal was aborted. */
  static of({ reason }: AbortSignal): Interruption {
    return reason instanceof Interruption ? reason : Interruption.bySignal("SIGINT");
  }
}
