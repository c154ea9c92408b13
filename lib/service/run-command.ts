import type { ServerResponse } from "node:http";
import { StringDecoder } from "node:string_decoder";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ExecuteOptions, ExecutionResult } from "../pools";
import { ANSWER_HEADERS } from "./answer-headers";
import type { RunningCommands } from "./limits";
import type { Metrics } from "./metrics";
import { HttpProblem, problemOf } from "./problem";
import type { RunEvent } from "./schemas";
import type { Turns } from "./turns";

/** How long a client may take to read what is left when its command has ended, in milliseconds. */
const LAST_LINES = 30_000;

/** What running a command needs of the service. */
export interface Running {
  readonly commands: RunningCommands;
  /** A command begins in a turn of its own: those that are refused meanwhile are told at once. */
  readonly turns: Turns;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Told of what went wrong after an answer has begun, where no status can say it any more. */
  readonly onError: (error: unknown) => void;
}

/** Runs a command whose place is known to stand; what cannot begin is refused before, by its status. */
export type Run<R extends ExecutionResult = ExecutionResult> = (
  options: Pick<ExecuteOptions, "signal" | "onStdout" | "onStderr"> & {
    /** Told what is waited for before the command runs. */
    readonly onProgress?: (message: string) => void;
  },
) => Promise<R>;

/**
 * Finds the place for a command. It is asked once the command counts as running, so that what is refused has taken no place; what it returns is
 * called in any case, and gives the place back.
 *
 * @param signal the client is gone, or the service may wait no longer
 */
export type Begin<R extends ExecutionResult = ExecutionResult> = (signal: AbortSignal) => Promise<Run<R>>;

/**
 * Runs a command for a client, and ends it where the client goes away, or the service may wait no longer. What is too much is refused before anybody else is
 * asked anything.
 *
 * @param owner whose command it counts as
 */
export async function runFor<R extends ExecutionResult>(
  owner: string,
  reply: FastifyReply,
  running: Running,
  begin: Begin<R>,
): Promise<R> {
  return counted(owner, reply, running, begin, (run, signal) => measured(running, () => run({ signal })));
}

/** Counts a command as one of an owner's, from before its place is looked for to its end. */
async function counted<R extends ExecutionResult, T>(
  owner: string,
  { raw }: FastifyReply,
  { commands, turns }: Running,
  begin: Begin<R>,
  go: (run: Run<R>, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return commands.run(owner, async (stop) => {
    const { signal } = stop;
    const onClose = () => {
      // It is closed too where the answer was sent.
      if (!raw.writableFinished) stop.abort();
    };
    raw.once("close", onClose);
    try {
      await turns.next();
      return await go(await begun(begin, signal), signal);
    } finally {
      raw.off("close", onClose);
    }
  });
}

async function begun<R extends ExecutionResult>(begin: Begin<R>, signal: AbortSignal): Promise<Run<R>> {
  try {
    return await begin(signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw new HttpProblem("stopping", "the command was given up before it began; ask again", { retryAfter: 1 });
  }
}

async function measured<R extends ExecutionResult>(running: Running, run: () => Promise<R>): Promise<R> {
  const began = running.now();
  try {
    const result = await run();
    running.metrics.executed(result.ended, running.now() - began);
    return result;
  } catch (error) {
    running.metrics.executed("lost", running.now() - began);
    throw error;
  }
}

/**
 * Runs a command and sends what it writes as it comes, a line of JSON for each piece; the last line says how it ended. The command waits for a
 * client that reads slowly, and is ended where the client goes away.
 */
export async function streamFor(
  owner: string,
  reply: FastifyReply,
  encoding: "utf8" | "base64",
  running: Running,
  begin: Begin,
): Promise<FastifyReply> {
  const { raw } = reply;
  await counted(owner, reply, running, begin, async (run, signal) => {
    const line = (event: RunEvent) => raw.write(`${JSON.stringify(event)}\n`);
    const decoders = { stdout: new StringDecoder(encoding), stderr: new StringDecoder(encoding) };
    const take = (type: "stdout" | "stderr") => async (chunk: Uint8Array) => {
      const data = decoders[type].write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (data !== "" && !line({ type, data })) await readyAgain(raw, signal);
    };
    // What is refused was refused by its status. From here on the answer is written here: Fastify would treat a client that goes away as a fault.
    reply.hijack();
    raw.writeHead(200, {
      "content-type": "application/x-ndjson; charset=utf-8",
      ...ANSWER_HEADERS,
      "x-request-id": reply.request.id,
    });
    raw.flushHeaders();
    try {
      const onProgress = (message: string) => void line({ type: "progress", message });
      const options = { signal, onStdout: take("stdout"), onStderr: take("stderr"), onProgress };
      const { stdout: _, stderr: __, ...end } = await measured(running, () => run(options));
      for (const type of ["stdout", "stderr"] as const) {
        const data = decoders[type].end();
        if (data !== "") line({ type, data });
      }
      line({ type: "exit", ...end });
    } catch (error) {
      running.onError(error);
      line({ type: "error", problem: problemBody(error) });
    } finally {
      raw.end();
      closeUnread(raw);
    }
  });
  return reply;
}

/** Whether a client wants output as it comes. */
export function wantsLines({ headers }: FastifyRequest): boolean {
  return /\bapplication\/x-ndjson\b/i.test(headers.accept ?? "");
}

function problemBody(error: unknown): Extract<RunEvent, { type: "error" }>["problem"] {
  const { errors, ...body } = problemOf(error).toBody();
  return errors ? { ...body, errors: [...errors] } : body;
}

/** Is settled once there is room again, the client is gone, or the command is to end: whoever reads nothing holds nobody up then. */
async function readyAgain(raw: ServerResponse, stopped: AbortSignal): Promise<void> {
  if (raw.destroyed || stopped.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      raw.off("drain", done);
      raw.off("close", done);
      stopped.removeEventListener("abort", done);
      resolve();
    };
    raw.once("drain", done);
    raw.once("close", done);
    stopped.addEventListener("abort", done, { once: true });
  });
}

/** Has a client that does not read the end of its answer let go of the connection. */
function closeUnread(raw: ServerResponse): void {
  const late = setTimeout(() => raw.destroy(), LAST_LINES).unref();
  raw.once("close", () => clearTimeout(late));
}
