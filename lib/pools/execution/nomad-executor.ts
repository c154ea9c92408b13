import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { UserError } from "../../errors";
import { NoAnswerError } from "../../errors";
import { apiPath, passingTrouble, type NomadClient } from "../../nomad";
import { byName } from "../../reading";
import { ExecutionLostError, type ExecuteOptions, type ExecutionResult, type Executor, type Place } from "./execution";
import { Ending, Kept } from "./output";
import { ASK, holdOf, lineOf, startOf, type Hold, type Start } from "./start-line";
import { startShell, type StartedShell } from "./started";
import { Stop } from "./stop";
import { sweepLines, type SweepTarget } from "./sweep";
import { untilStopped } from "./until-stopped";
import { wipeLines } from "./wipe";

const TIMEOUT = 300_000;
const OUTPUT_LIMIT = 1024 * 1024;
/** How long the end of a session is awaited once its processes are gone, in milliseconds. */
const DRAIN = 2000;
/** How long a place is asked to end what runs there, in milliseconds; one ends within a second. */
const SWEEP_LIMIT = 15_000;
/** Within so long a shell has begun where the server and the node answer, in milliseconds. */
const BEGINS = 2000;
/** The exit code of lines of ours that ran to their end and did what they should. */
const DONE = 42;
/** Places of which it is remembered how they hold processes together. */
const REMEMBERED = 10_000;
/** 128 and SIGKILL, and SIGTERM: how a command ends whose place ends, or that somebody killed. */
const KILLED = new Set([137, 143]);
const PLACE_STATE = v.object({
  DesiredStatus: v.string(),
  TaskStates: v.nullish(byName(v.object({ State: v.string() }))),
});
const ENDED = { timeout: 124, cancelled: 130 } as const;

/**
 * Runs commands in running tasks over Nomad's exec. One for a process and a cluster: its sessions share their limit.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs/allocations#exec-allocation
 */
export class NomadExecutor implements Executor {
  readonly #holds = new Map<string, Hold>();

  constructor(
    private readonly nomad: NomadClient,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async execute(
    place: Place,
    command: string | readonly string[],
    options: ExecuteOptions = {},
  ): Promise<ExecutionResult> {
    const begun = this.now();
    const timeout = options.timeout ?? TIMEOUT;
    const start = startOf(command, options, timeout);
    const limit = options.outputLimit ?? OUTPUT_LIMIT;
    const stdout = new Kept(limit);
    const stderr = new Kept(limit);
    const result = (exitCode: number, ended: ExecutionResult["ended"]): ExecutionResult => ({
      exitCode,
      ended,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
      duration: Math.round(this.now() - begun),
      isolation: place.isolation,
    });
    const stop = new Stop(timeout, options.signal);
    try {
      const shell = await this.started(place, stop);
      if (!shell) return result(ENDED[stop.reason ?? "cancelled"], stop.reason ?? "cancelled");
      const code = await this.run(place, shell, start, stop, {
        stdin: options.stdin,
        stdout: (chunk) => (options.onStdout ? options.onStdout(chunk) : stdout.add(chunk)),
        stderr: (chunk) => (options.onStderr ? options.onStderr(chunk) : stderr.add(chunk)),
      });
      return stop.reason === undefined ? result(code, "exited") : result(ENDED[stop.reason], stop.reason);
    } finally {
      stop.end();
    }
  }

  async wipe(place: Place, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const target = { mark: `${place.allocation}.`, ownProcesses: hasOwnProcesses(place) };
    const isClean = await this.script(place, wipeLines(target), options.signal).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      throw lost(place, "could not be wiped", error);
    });
    if (!isClean) throw lost(place, "is not clean: something in it could not be removed or ended; stop its allocation");
  }

  /**
   * A shell that waits for its line; undefined where it was stopped before.
   *
   * @throws NoAnswerError where its time was over while the server was waited for: a command that has not begun is none that took too long
   */
  private async started(place: Place, stop: Stop): Promise<StartedShell | undefined> {
    let turn = Number.POSITIVE_INFINITY;
    const onTurn = () => (turn = Math.min(turn, this.now()));
    try {
      return await startShell(this.nomad, place, { signal: stop.signal, onTurn });
    } catch (error) {
      if (stop.reason === undefined) throw error;
      const waited = this.now() - turn;
      if (stop.reason !== "timeout" || waited < BEGINS) return undefined;
      const { allocation, task } = place;
      throw new NoAnswerError(
        "Nomad",
        "silent",
        `no shell started in ${task} of ${allocation} within ${Math.round(waited / 1000)} s, after which the time of the command was over; nothing was run, look whether Nomad and the node answer`,
      );
    }
  }

  /** Runs the command of a shell that waits for it, to its end, whatever ends it. */
  private async run(place: Place, shell: StartedShell, start: Start, stop: Stop, streams: Streams): Promise<number> {
    const { session, output } = shell;
    const execution = `${place.allocation}.${randomBytes(8).toString("hex")}`;
    const notice = randomBytes(16).toString("hex");
    const ending = new Ending(notice);
    const target = { mark: execution, first: shell.pid, ownProcesses: hasOwnProcesses(place) };
    // What a callback or the caller's input throws ends the command.
    let thrown: { readonly error: unknown } | undefined;
    const failing = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        thrown ??= { error };
        stop.now("cancelled");
      }
    };
    const ended = new AbortController();
    let swept: Promise<boolean> | undefined;
    const kill = () => {
      swept ??= this.kill(place, target).finally(() => {
        // Whoever still holds an output is no process of the command, or cannot be ended.
        setTimeout(() => session.close(), DRAIN).unref();
      });
    };
    stop.signal.addEventListener("abort", kill, { once: true });
    try {
      const hold = await this.holdOf(place, shell);
      const sent = lineOf(start, hold, { mark: execution, notice, ownProcesses: target.ownProcesses });
      if (stop.reason !== undefined) session.close();
      await session.write(Buffer.from(sent.line));
      if (!start.hasInput) await session.end();
      if (sent.isTold) await output.line();
      const input = failing(() => feed(session, streams.stdin, ended.signal));
      await Promise.all([
        failing(() => drain(output, streams.stdout, stop.signal)),
        failing(() =>
          drain(
            session.stderr,
            (chunk) => {
              const rest = ending.take(chunk);
              if (ending.found && !ended.signal.aborted) ended.abort();
              return rest.length > 0 ? streams.stderr(rest) : undefined;
            },
            stop.signal,
          ).then(() =>
            ending.rest().length > 0 ? untilStopped(streams.stderr(ending.rest()), stop.signal) : undefined,
          ),
        ),
      ]);
      const code = await session.exitCode;
      ended.abort();
      await input;
      await this.certain(place, swept);
      if (thrown) throw thrown.error;
      if (stop.reason === undefined && KILLED.has(code) && (await this.isOver(place)))
        throw lost(place, `ended under a command, which was killed with it`);
      return code;
    } catch (error) {
      ended.abort();
      if ((thrown && error === thrown.error) || error instanceof ExecutionLostError) throw error;
      if (stop.reason !== undefined) {
        await this.certain(place, (swept ??= this.kill(place, target)));
        if (thrown) throw thrown.error;
        return ENDED[stop.reason];
      }
      const gone = await this.kill(place, target);
      throw lost(
        place,
        `ended, or was not reached any more, under a command; ${gone ? "its processes are ended" : "whether its processes are ended is not known"}`,
        error,
      );
    } finally {
      stop.signal.removeEventListener("abort", kill);
      session.close();
    }
  }

  /** Asks a place once how it holds processes together, in the session of its first command. */
  private async holdOf(place: Place, { session, output }: StartedShell): Promise<Hold> {
    // Neither a container nor a task of the exec driver may make namespaces, unless it is privileged.
    if (place.isolation !== "none") return { kind: "mark" };
    const key = `${place.allocation}/${place.task}`;
    const known = this.#holds.get(key);
    if (known) return known;
    await session.write(Buffer.from(`${ASK}\n`));
    const hold = holdOf((await output.line()) ?? "");
    this.#holds.set(key, hold);
    for (const first of this.#holds.keys()) {
      if (this.#holds.size <= REMEMBERED) break;
      this.#holds.delete(first);
    }
    return hold;
  }

  /** Ends the processes of an execution. @returns whether it is known that none is left */
  private async kill(place: Place, target: SweepTarget): Promise<boolean> {
    const end = this.now() + SWEEP_LIMIT;
    for (;;) {
      try {
        return await this.script(place, sweepLines(target), AbortSignal.timeout(SWEEP_LIMIT));
      } catch (error) {
        if (passingTrouble(error) === undefined || this.now() > end) return false;
        await sleep(200);
      }
    }
  }

  /** Whether a place has ended, or is to end. What is not known is no reason to doubt an exit code. */
  private async isOver({ allocation, task }: Place): Promise<boolean> {
    const known = await this.nomad.http.find(apiPath`/v1/allocation/${allocation}`, PLACE_STATE).catch(() => null);
    if (known === null) return false;
    return known?.DesiredStatus !== "run" || known.TaskStates?.[task]?.State !== "running";
  }

  private async certain(place: Place, swept: Promise<boolean> | undefined): Promise<void> {
    if (swept && !(await swept))
      throw lost(
        place,
        "was asked to end a command, and whether all of its processes are ended is not known; stop its allocation",
      );
  }

  /** Runs lines of ours in a place, beside whatever runs there. @returns whether all of them ran, and the last ended well */
  private async script(place: Place, lines: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { session, output } = await startShell(this.nomad, place, { signal, urgent: true });
    try {
      // Where not even the lines are read, a shell ends with 0: that is no answer of theirs.
      await session.write(Buffer.from(`eval "$(cat)"\n${lines}\n[ $? = 0 ] && exit ${DONE}\nexit 1`));
      await session.end();
      await Promise.all([drain(output, () => undefined), drain(session.stderr, () => undefined)]);
      return (await session.exitCode) === DONE;
    } finally {
      session.close();
    }
  }
}

interface Streams {
  readonly stdin: ExecuteOptions["stdin"];
  readonly stdout: (chunk: Uint8Array) => void | Promise<void>;
  readonly stderr: (chunk: Uint8Array) => void | Promise<void>;
}

/** Whether a place has process ids of its own. */
function hasOwnProcesses({ isolation }: Place): boolean {
  return isolation === "container" || isolation === "chroot";
}

async function drain(
  stream: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => void | Promise<void>,
  stopped?: AbortSignal,
) {
  for await (const chunk of stream) await untilStopped(take(chunk), stopped);
}

/** Hands the caller's input on, and ends it, also where the command has ended before it. */
async function feed(
  session: StartedShell["session"],
  input: ExecuteOptions["stdin"],
  ended: AbortSignal,
): Promise<void> {
  if (input === undefined || input === "") return;
  const over = new Promise<undefined>((resolve) =>
    ended.addEventListener("abort", () => resolve(undefined), { once: true }),
  );
  const sending = (data: Uint8Array) => session.write(data).catch(() => undefined);
  if (typeof input === "string" || input instanceof Uint8Array) {
    await Promise.race([sending(typeof input === "string" ? Buffer.from(input) : input), over]);
  } else {
    const chunks = input[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([chunks.next(), over]);
      if (next === undefined || next.done || ended.aborted) break;
      await Promise.race([sending(next.value), over]);
    }
    if (ended.aborted) void Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
  await session.end().catch(() => undefined);
}

function lost(place: Place, what: string, cause?: unknown): ExecutionLostError {
  const why =
    cause instanceof UserError || cause instanceof NoAnswerError || cause instanceof Error ? ` (${cause.message})` : "";
  const error = new ExecutionLostError(place, `${place.task} of the allocation ${place.allocation} ${what}${why}`);
  error.cause = cause;
  return error;
}
