import { setMaxListeners } from "node:events";
import { Pool, type Dispatcher } from "undici";
import type * as v from "valibot";
import { UserError } from "../../errors";
import { linesOf, textOf, TooLargeError } from "../../nomad";
import { untilStopped } from "../execution";
import {
  executeAnswer,
  executeFrame,
  FRAMES,
  refusal,
  sandboxHealth,
  type ExecuteAnswer,
  type ExecuteRequest,
  type Refusal,
  type ResetRequest,
  type SandboxHealth,
} from "../sandbox";
import { readSandboxAnswer } from "./sandbox-answer";

/** A sandbox refused a request: nothing was run. */
export class SandboxRefusal extends Error {
  override readonly name = "SandboxRefusal";

  constructor(
    readonly status: number,
    readonly refusal: Refusal,
  ) {
    super(refusal.error);
  }
}

/** No answer came from a sandbox, or none that can be read. */
export class SandboxLostError extends Error {
  override readonly name = "SandboxLostError";

  constructor(
    message: string,
    /** Whether the request may have reached it. */
    readonly reached: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Where a sandbox's server is, and how it is spoken to. */
export interface SandboxClientProps {
  /** Such as `http://10.0.0.7:23114`. */
  readonly address: string;
  /** Connections for commands that are open at once; what is more waits its turn. */
  readonly connections: number;
}

/** What is done with a command's output as it comes. */
export interface OutputSink {
  stdout(chunk: Uint8Array): void | Promise<void>;
  stderr(chunk: Uint8Array): void | Promise<void>;
}

const CONNECT_TIMEOUT = 3000;
/** How long a sandbox may say nothing to what it answers at once, in milliseconds. */
const PROMPT_SILENCE = 3000;
/** How long ending what runs and emptying a workspace may take. */
const RESET_SILENCE = 15_000;
/** A sandbox ends a command in time; so much later its answer is there. */
const GRACE = 10_000;
const LARGEST_ANSWER = 32 * 1024 * 1024;
const LARGEST_FRAME = 8 * 1024 * 1024;

/**
 * The HTTP client of one sandbox's server. Commands, and what ends them, have connections of their own, so that no number of commands keeps a
 * sandbox from being asked how it does.
 */
export class SandboxClient {
  readonly #commands: Pool;
  readonly #control: Pool;

  constructor(private readonly props: SandboxClientProps) {
    const connect = { timeout: CONNECT_TIMEOUT };
    this.#commands = new Pool(props.address, { connections: props.connections, connect, pipelining: 1 });
    this.#control = new Pool(props.address, { connections: 4, connect, pipelining: 1 });
  }

  /** Asks how it does; that needs no token. */
  async health(signal?: AbortSignal): Promise<SandboxHealth> {
    const answer = await this.whole(this.#control, "GET", "/health", { silence: PROMPT_SILENCE, signal });
    return this.read(sandboxHealth, answer, "GET /health");
  }

  /** Ends what runs in a slot, and empties it. */
  async reset(request: ResetRequest, token: string | undefined, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify(request);
    const answer = await this.whole(this.#control, "POST", "/reset", { body, token, silence: RESET_SILENCE, signal });
    const { success, error } = this.read(executeAnswer, answer, "POST /reset");
    if (!success) throw new SandboxLostError(`the sandbox could not empty ${request.slot_id}: ${error}`, true);
  }

  /** Runs a tool to its end; what it wrote comes in the answer. */
  async execute(
    request: ExecuteRequest,
    timeout: number,
    token: string | undefined,
    signal?: AbortSignal,
  ): Promise<ExecuteAnswer> {
    const body = JSON.stringify(request);
    const silence = timeout + GRACE;
    const answer = await this.whole(this.#commands, "POST", "/execute", { body, token, silence, signal });
    return this.read(executeAnswer, answer, "POST /execute");
  }

  /** Runs a tool to its end, and hands its output on as it comes: the next piece is read when the last one was taken. */
  async stream(
    request: ExecuteRequest,
    timeout: number,
    token: string | undefined,
    sink: OutputSink,
    signal?: AbortSignal,
  ): Promise<ExecuteAnswer> {
    const endpoint = "POST /execute";
    const silence = timeout + GRACE;
    const body = JSON.stringify(request);
    const response = await this.send(this.#commands, "POST", "/execute", {
      body,
      token,
      silence,
      signal,
      accept: FRAMES,
    });
    if (response.statusCode !== 200) this.refused(response.statusCode, await this.text(response, endpoint), endpoint);
    // The sandbox has ended the command by then: nobody is waited for who does not take what it wrote, nor a server that goes on all the same.
    const over = new AbortController();
    const stop = () => over.abort();
    const timers = [
      setTimeout(stop, timeout),
      setTimeout(() => response.body.destroy(this.lost(endpoint, "it goes on after the command's time")), silence),
    ];
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for await (const line of linesOf(response.body as AsyncIterable<Uint8Array>, LARGEST_FRAME)) {
        if (line === undefined) throw this.lost(endpoint, "a line of it is too long");
        const frame = this.read(executeFrame, line, endpoint);
        if ("result" in frame) return frame.result;
        await untilStopped(sink[frame.stream](Buffer.from(frame.data, "base64")), over.signal);
      }
    } catch (error) {
      throw this.failure(error, endpoint, signal);
    } finally {
      timers.forEach(clearTimeout);
      signal?.removeEventListener("abort", stop);
      // What comes after the end is not read, and a sink that fails ends the command.
      response.body.on("error", () => undefined).destroy();
    }
    throw this.lost(endpoint, "it ends before it says how the command ended");
  }

  /** Cuts every connection: whoever waits for an answer gets none. */
  async close(): Promise<void> {
    await Promise.all([this.#commands.destroy(), this.#control.destroy()]);
  }

  private async whole(pool: Pool, method: "GET" | "POST", path: string, options: Request): Promise<string> {
    const endpoint = `${method} ${path}`;
    const response = await this.send(pool, method, path, options);
    // Bit by bit, each within the time of a silence, an answer could take for ever.
    const over = setTimeout(
      () => response.body.destroy(new Error(`it takes longer than ${seconds(options.silence * 2)} s`)),
      options.silence * 2,
    );
    try {
      const text = await this.text(response, endpoint, options.signal);
      if (response.statusCode !== 200) this.refused(response.statusCode, text, endpoint);
      return text;
    } finally {
      clearTimeout(over);
    }
  }

  private async text(response: Dispatcher.ResponseData, endpoint: string, signal?: AbortSignal): Promise<string> {
    try {
      return await textOf(response.body as AsyncIterable<Uint8Array>, LARGEST_ANSWER);
    } catch (error) {
      throw this.failure(error, endpoint, signal);
    }
  }

  private async send(
    pool: Pool,
    method: "GET" | "POST",
    path: string,
    { body, token, silence, signal, accept }: Request,
  ): Promise<Dispatcher.ResponseData> {
    // Many requests end by one signal, and that is no leak.
    if (signal) setMaxListeners(0, signal);
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (accept !== undefined) headers.accept = accept;
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    try {
      return await pool.request({ method, path, headers, body, signal, headersTimeout: silence, bodyTimeout: silence });
    } catch (error) {
      throw this.failure(error, `${method} ${path}`, signal);
    }
  }

  private refused(status: number, text: string, endpoint: string): never {
    // A proxy, or another program on the port, refuses in words of its own.
    throw new SandboxRefusal(status, this.read(refusal, text, endpoint, status));
  }

  private read<S extends v.GenericSchema<unknown>>(
    schema: S,
    text: string,
    endpoint: string,
    status = 200,
  ): v.InferOutput<S> {
    const read = readSandboxAnswer(schema, text);
    if (read.ok) return read.value;
    throw this.lost(endpoint, `${read.reason}${status === 200 ? "" : ` (status ${status})`}`);
  }

  private lost(endpoint: string, why: string): SandboxLostError {
    return new SandboxLostError(
      `the answer of the sandbox at ${this.props.address} to ${endpoint} cannot be read: ${why}`,
      true,
    );
  }

  /** What it means that no whole answer came. A sink's own error, and the caller's reason to stop, stay what they are. */
  private failure(error: unknown, endpoint: string, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return error;
    if (error instanceof SandboxLostError || error instanceof UserError) return error;
    const code = codeOf(error);
    const at = `the sandbox at ${this.props.address}`;
    if (error instanceof TooLargeError) return this.lost(endpoint, "it is too large");
    if (code !== undefined && UNREACHED.has(code))
      return new SandboxLostError(`${at} cannot be reached (${code})`, false, { cause: error });
    if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT")
      return new SandboxLostError(`${at} said nothing to ${endpoint} for too long`, true, { cause: error });
    if (code !== undefined)
      return new SandboxLostError(`${at} cut the connection of ${endpoint} (${code})`, true, { cause: error });
    return error;
  }
}

interface Request {
  readonly body?: string;
  readonly token?: string;
  readonly accept?: string;
  /** In milliseconds. */
  readonly silence: number;
  readonly signal?: AbortSignal;
}

/** Nothing was sent yet. */
const UNREACHED = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}
