import type { ServerResponse } from "node:http";
import { StringDecoder } from "node:string_decoder";
import type { FastifyReply } from "fastify";
import type { ExecuteOptions, ExecutionResult } from "../pools";
import type { RunningCommands } from "./limits";
import type { Metrics } from "./metrics";
import { problemOf } from "./problem";
import type { RunEvent } from "./schemas";

/** How long a client may take to read what is left when its command has ended, in milliseconds. */
const LAST_LINES = 30_000;

/** What running a command needs of the service. */
export interface Running {
  readonly commands: RunningCommands;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Told of what went wrong after an answer has begun, where no status can say it any more. */
  readonly onError: (error: unknown) => void;
}

/** Runs a command whose lease is known to stand; what cannot begin is refused before, by its status. */
type Run<R extends ExecutionResult = ExecutionResult> = (
  options: Pick<ExecuteOptions, "signal" | "onStdout" | "onStderr">,
) => Promise<R>;

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
  begin: () => Promise<Run<R>>,
): Promise<R> {
  return running.commands.run(owner, async (stop) => {
    const onClose = () => {
      // It is closed too where the answer was sent.
      if (!reply.raw.writableFinished) stop.abort();
    };
    reply.raw.once("close", onClose);
    try {
      const run = await begin();
      return await measured(running, () => run({ signal: stop.signal }));
    } finally {
      reply.raw.off("close", onClose);
    }
  });
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
  begin: () => Promise<Run>,
): Promise<FastifyReply> {
  const { raw } = reply;
  await running.commands.run(owner, async (stop) => {
    const run = await begin();
    // It counts as running before the first byte is sent, so what is refused is refused by its status. From here on the answer is written here:
    // Fastify would treat a client that goes away as a fault.
    reply.hijack();
    const onClose = () => stop.abort();
    raw.once("close", onClose);
    raw.writeHead(200, {
      "content-type": "application/x-ndjson; charset=utf-8",
      "cache-control": "no-store",
      "x-request-id": reply.request.id,
    });
    raw.flushHeaders();
    const line = (event: RunEvent) => raw.write(`${JSON.stringify(event)}\n`);
    const decoders = { stdout: new StringDecoder(encoding), stderr: new StringDecoder(encoding) };
    const take = (type: "stdout" | "stderr") => async (chunk: Uint8Array) => {
      const data = decoders[type].write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (data !== "" && !line({ type, data })) await readyAgain(raw, stop.signal);
    };
    try {
      const options = { signal: stop.signal, onStdout: take("stdout"), onStderr: take("stderr") };
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
      raw.off("close", onClose);
      raw.end();
      closeUnread(raw);
    }
  });
  return reply;
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
