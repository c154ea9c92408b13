import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { endedFirst } from "./memory";
import { endWithChildren } from "./processes";
import { BoundedBytes, BoundedText } from "./output";
import { openPipes, type ShellPipes } from "./shell-pipes";
import { frame, READY } from "./start-script";

/** The most that a shell tells of its variables at its end, in bytes. */
const STATE_LIMIT = 1024 * 1024;
/** How long the pipes of a shell that was killed may stay open: only a process that evaded its end holds them. */
const PIPES_AFTER_KILL = 2000;

/** How a shell is started. */
export interface ShellStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables that every command has; none of them is a caller's. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder of the slot's named pipes. */
  readonly pipes: string;
  /** Whether what it started ends with it, by a namespace of processes. */
  readonly namespaces: boolean;
  /** Ends what it left running. @returns whether nothing is left */
  readonly sweep: () => Promise<boolean>;
}

/** A command for a shell. */
export interface ShellCommand {
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  /** "" for the workspace. */
  readonly cwd: string;
  readonly stdin: Buffer | undefined;
  /** Whether its folder and variables are told at the end. */
  readonly stateful: boolean;
  /** In milliseconds. */
  readonly timeout: number;
  readonly outputLimit: number;
  /** Is given its output as it comes, and stops it while the promise has not settled. Default: it is kept. */
  readonly onOutput?: (stream: "stdout" | "stderr", chunk: Buffer) => Promise<void> | undefined;
}

/** How a command ended. */
export interface ShellOutcome {
  readonly exitCode: number;
  readonly ended: "exited" | "timeout" | "cancelled";
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  /** What it told at its end. */
  readonly told: Buffer;
  /** False: the shell never had its command; what stands in stderr is why. */
  readonly ready: boolean;
  /** Whether everything that it started is known to be gone. */
  readonly clean: boolean;
}

/** A shell in a slot that waits for its one command. */
export class Shell {
  readonly #child: ChildProcess;
  readonly #pipes: ShellPipes;
  readonly #exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  #exited = false;
  #killed: "timeout" | "cancelled" | undefined;
  #dropping = false;
  /** Whether it has had a command: before that it has started nothing. */
  #started = false;

  constructor(private readonly start: ShellStart) {
    this.#pipes = openPipes(start.pipes);
    this.#child = endedFirst(() =>
      spawn(start.program, [...start.args], {
        cwd: start.cwd,
        env: start.env,
        stdio: ["pipe", ...this.#pipes.ofChild, "pipe", "pipe"],
      }),
    );
    this.#pipes.given();
    // A shell that has ended reads nothing more; how it ended is told by its exit.
    for (const stream of [this.#stdin, this.#pipes.stdout, this.#pipes.stderr, this.#instructions, this.#told])
      stream.on("error", () => undefined);
    this.#exit = new Promise((resolve) => {
      this.#child.once("error", () => resolve({ code: 126, signal: null }));
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    void this.#exit.then(() => (this.#exited = true));
  }

  /** Whether it waits still. */
  get alive(): boolean {
    return !this.#exited;
  }

  /** Runs its command. Called once. */
  async run(command: ShellCommand, signal: AbortSignal): Promise<ShellOutcome> {
    this.#started = true;
    const stdout = new BoundedText(command.outputLimit);
    const stderr = new BoundedText(command.outputLimit);
    const told = new BoundedBytes(STATE_LIMIT);
    const ends = [
      this.read(this.#pipes.stdout, "stdout", stdout, command),
      this.read(this.#pipes.stderr, "stderr", stderr, command),
    ];
    this.#told.on("data", (chunk: Buffer) => told.add(chunk));
    const toldWhole = ended(this.#told);
    const cancel = () => this.kill("cancelled");
    const timer = setTimeout(() => this.kill("timeout"), command.timeout);
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    this.#instructions.end(frame({ ...command, hasStdin: command.stdin !== undefined }));
    if (command.stdin) this.#stdin.end(command.stdin);
    else this.#stdin.end();
    const { code, signal: by } = await this.#exit;
    const clean = await this.gone([...ends, toldWhole]);
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    const kept = { out: stdout.get(), err: stderr.get(), told: told.get() };
    return {
      exitCode: this.#killed === "timeout" ? 124 : this.#killed === "cancelled" ? 130 : (code ?? 128 + numberOf(by)),
      ended: this.#killed ?? "exited",
      stdout: kept.out.text,
      stderr: kept.err.text,
      truncated: kept.out.truncated || kept.err.truncated,
      told: kept.told,
      ready: kept.told.subarray(0, READY.length).toString() === READY,
      clean,
    };
  }

  /** Ends it, with everything that it started, before or while it runs its command. @returns whether all of that is known to be gone */
  async end(): Promise<boolean> {
    this.kill("cancelled");
    await this.#exit;
    for (const stream of [this.#pipes.stdout, this.#pipes.stderr, this.#told]) stream.resume();
    return this.gone([this.#pipes.stdout, this.#pipes.stderr].map(ended));
  }

  private kill(why: "timeout" | "cancelled"): void {
    if (this.#killed) return;
    this.#killed = why;
    // Whoever takes the output may have stopped taking it; the pipes have to run empty for their end to be seen.
    this.#dropping = true;
    this.#pipes.stdout.resume();
    this.#pipes.stderr.resume();
    if (!this.#exited && this.#child.pid !== undefined) endWithChildren(this.#child.pid);
    // Without a namespace, what it started lives on, and may keep it waited for.
    if (!this.start.namespaces && this.#started) void this.start.sweep();
  }

  /** Waits until nothing has the pipes, and closes them. @returns whether nothing had them */
  private async gone(ends: readonly Promise<unknown>[]): Promise<boolean> {
    const swept = !this.start.namespaces || this.#killed ? await this.start.sweep() : true;
    const all = Promise.all(ends).then(() => true);
    const closed =
      !this.start.namespaces || this.#killed ? await Promise.race([all, later(PIPES_AFTER_KILL)]) : await all;
    for (const stream of [this.#stdin, this.#pipes.stdout, this.#pipes.stderr, this.#told, this.#instructions])
      stream.destroy();
    return swept && closed;
  }

  private read(
    stream: Socket,
    name: "stdout" | "stderr",
    kept: BoundedText,
    { onOutput }: Pick<ShellCommand, "onOutput">,
  ): Promise<unknown> {
    stream.on("data", (chunk: Buffer) => {
      if (this.#dropping && onOutput) return;
      if (!onOutput) return kept.add(chunk);
      const taken = onOutput(name, chunk);
      if (!taken) return;
      stream.pause();
      void taken.finally(() => stream.resume());
    });
    return ended(stream);
  }

  get #stdin(): Writable {
    return this.#child.stdio[0] as Writable;
  }

  get #instructions(): Writable {
    return this.#child.stdio[3] as Writable;
  }

  get #told(): Readable {
    return this.#child.stdio[4] as Readable;
  }
}

/** Whoever asks after the end is not told of it again. */
function ended(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded || stream.destroyed) return resolve();
    stream.once("end", resolve);
    stream.once("close", resolve);
  });
}

function later(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), milliseconds).unref());
}

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function numberOf(signal: NodeJS.Signals | null): number {
  return (signal && SIGNALS[signal]) ?? 0;
}
