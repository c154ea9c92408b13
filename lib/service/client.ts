import { request as send, type Dispatcher } from "undici";
import * as v from "valibot";
import { ReadableError, UserError } from "../errors";
import { PoolServiceJob } from "../pools";
import { readNamedFileNow, whyUnread } from "../reading";
import * as schemas from "./schemas";
import type { RunEvent } from "./schemas";

/** A refusal of the service. */
export class ServiceRefusal extends ReadableError {
  override readonly name = "ServiceRefusal";
  readonly code: string;

  constructor(
    readonly problem: Pick<
      v.InferOutput<typeof schemas.anyProblem>,
      "status" | "code" | "title" | "detail" | "retryAfter"
    >,
  ) {
    super(`${problem.title}: ${problem.detail}`);
    this.code = problem.code;
    this.quietly("problem");
  }
}

/** Where the service is, and who asks. */
export interface ServiceConnection {
  readonly address: string;
  /** None where the service wants none. */
  readonly token: string | undefined;
}

/** A container as the service shows it. */
export type ServedContainer = v.InferOutput<typeof schemas.container>;

/** The longest answer, and the longest line of one that is streamed, in bytes. */
const LONGEST_LINE = 8 * 1024 * 1024;
const anyEvent = v.object({ type: v.string() });
const EVENTS: ReadonlySet<string> = new Set(schemas.runEvent.options.map(({ entries }) => entries.type.literal));
/** A streamed command may say nothing for as long as it likes; any other answer comes within this, in milliseconds. */
const PATIENCE = 90_000;

/** Where the service is looked for where nobody says its address. */
const USUAL_ADDRESS = `http://127.0.0.1:${PoolServiceJob.PORT}`;

/**
 * Where the service is, from POOL_SERVICE_ADDR, and POOL_SERVICE_TOKEN or the file that POOL_SERVICE_TOKEN_FILE names.
 *
 * @throws UserError where the one is no address, or the other cannot be read
 */
export function serviceConnection(env: Readonly<Record<string, string | undefined>>): ServiceConnection {
  const address = env.POOL_SERVICE_ADDR || USUAL_ADDRESS;
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw UserError.at("POOL_SERVICE_ADDR", `is no address; write ${USUAL_ADDRESS}, say`, "address");
  return {
    address: address.replace(/\/+$/, ""),
    token: env.POOL_SERVICE_TOKEN || tokenIn(env.POOL_SERVICE_TOKEN_FILE),
  };
}

/** In bytes. */
const LARGEST_TOKEN = 1024 * 1024;

function tokenIn(file: string | undefined): string | undefined {
  if (!file) return undefined;
  try {
    return readNamedFileNow(file, { most: LARGEST_TOKEN }).toString("utf8").trim() || undefined;
  } catch (error) {
    throw UserError.at("POOL_SERVICE_TOKEN_FILE", `${file} ${whyUnread(error)}; write the file of a token`, "file");
  }
}

/** The service's HTTP API, for the command line. What answers is read through the schemas that the service declares. */
export class ServiceClient {
  /** @param patience how long an answer that is not streamed may take to begin, and to end after that, in milliseconds */
  constructor(
    private readonly connection: ServiceConnection,
    private readonly patience: number = PATIENCE,
  ) {}

  async claim(wanted: v.InferInput<typeof schemas.claimRequest>, signal?: AbortSignal): Promise<ServedContainer> {
    return this.ask("POST", "/api/containers", schemas.container, { body: wanted, signal });
  }

  async container(id: string, signal?: AbortSignal): Promise<ServedContainer> {
    return this.ask("GET", `/api/containers/${encodeURIComponent(id)}`, schemas.container, { signal });
  }

  async release({ id, generation }: Pick<ServedContainer, "id" | "generation">, signal?: AbortSignal): Promise<void> {
    const path = `/api/containers/${encodeURIComponent(id)}`;
    await this.ask("DELETE", path, v.undefined(), { generation, signal });
  }

  async drain(pool: string, signal?: AbortSignal): Promise<v.InferOutput<typeof schemas.drained>> {
    return this.ask("POST", `/api/pools/${encodeURIComponent(pool)}/drain`, schemas.drained, { signal });
  }

  async fill(pool: string, signal?: AbortSignal): Promise<v.InferOutput<typeof schemas.filled>> {
    return this.ask("POST", `/api/pools/${encodeURIComponent(pool)}/fill`, schemas.filled, { signal });
  }

  async recycle(pool: string, signal?: AbortSignal): Promise<v.InferOutput<typeof schemas.recycled>> {
    return this.ask("POST", `/api/pools/${encodeURIComponent(pool)}/recycle`, schemas.recycled, { signal });
  }

  async resize(pool: string, containers: number, signal?: AbortSignal): Promise<v.InferOutput<typeof schemas.resized>> {
    const body = { containers };
    return this.ask("POST", `/api/pools/${encodeURIComponent(pool)}/resize`, schemas.resized, { body, signal });
  }

  /** A token that opens the service's page in a browser, once, as whoever asks. */
  async oneTimeToken(signal?: AbortSignal): Promise<v.InferOutput<typeof schemas.oneTimeToken>> {
    return this.ask("POST", "/api/session/one-time-token", schemas.oneTimeToken, { signal });
  }

  /** Runs a command and gives what it writes as it comes; the last event says how it ended. */
  async *execute(
    { id, generation }: Pick<ServedContainer, "id" | "generation">,
    body: v.InferInput<typeof schemas.runRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<RunEvent> {
    const path = `/api/containers/${encodeURIComponent(id)}/execute`;
    const response = await this.send("POST", path, { body, generation, signal, accept: "application/x-ndjson" });
    if (response.statusCode !== 200) throw refusal(response.statusCode, await this.whole(response, "POST", signal));
    let ended = false;
    for await (const line of this.untilGone(linesOf(response.body), signal)) {
      const { type } = this.read(anyEvent, line);
      // A service that is newer may tell of more than is known here.
      if (!EVENTS.has(type)) continue;
      const event = this.read(schemas.runEvent, line);
      ended = event.type === "exit" || event.type === "error";
      yield event;
    }
    if (!ended) throw this.goneAway();
  }

  /** However a connection breaks, it is said in the same words. */
  private async *untilGone(lines: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield* lines;
    } catch (error) {
      throw signal.aborted || error instanceof UserError ? error : this.goneAway();
    }
  }

  private goneAway(): UserError {
    const { address } = this.connection;
    return UserError.at("", `the service at ${address} went away; how the command ended is not known`, "service");
  }

  private async ask<S extends v.GenericSchema>(
    method: Dispatcher.HttpMethod,
    path: string,
    schema: S,
    options: Ask,
  ): Promise<v.InferOutput<S>> {
    const response = await this.send(method, path, options);
    const text = await this.whole(response, method, options.signal);
    if (response.statusCode < 200 || response.statusCode > 299) throw refusal(response.statusCode, text);
    return this.read(schema, text);
  }

  /** A whole answer. One that stops, breaks or comes bit by bit is said to be that: it is not waited for longer than for its beginning. */
  private async whole({ body }: Dispatcher.ResponseData, method: string, signal?: AbortSignal): Promise<string> {
    const timer = setTimeout(() => body.destroy(new Error("too slow")), this.patience);
    try {
      return await textOf(body);
    } catch (error) {
      if (signal?.aborted || error instanceof UserError) throw error;
      const unknown = method === "GET" ? "" : "; whether it did what was asked is not known";
      const message = `the service at ${this.connection.address} did not finish its answer${unknown}; look whether its process hangs or has ended`;
      throw UserError.at("", message, "service");
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the service said, if it is that: whatever answers there, nothing else is taken for it. */
  private read<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> {
    const result = v.safeParse(schema, text === "" ? undefined : parsed(text));
    if (result.success) return result.output;
    const [issue] = result.issues;
    const where = v.getDotPath(issue) ?? "the answer";
    const message = `what answers at ${this.connection.address} is not the pools' service, or one of another release: ${where} is not as it should be; look at POOL_SERVICE_ADDR`;
    throw UserError.at("", message, "service");
  }

  private async send(method: Dispatcher.HttpMethod, path: string, options: Ask): Promise<Dispatcher.ResponseData> {
    const { address, token } = this.connection;
    const { body, generation, signal, accept } = options;
    try {
      return await send(`${address}${path}`, {
        method,
        signal,
        headersTimeout: this.patience,
        bodyTimeout: accept === undefined ? this.patience : 0,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(generation === undefined ? {} : { "lease-generation": String(generation) }),
          accept: accept ?? "application/json",
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      throw UserError.at(
        "",
        `the service does not answer at ${address} (${code}); start it with npx cdk-nomad serve, or write its address into POOL_SERVICE_ADDR`,
        "service",
      );
    }
  }
}

interface Ask {
  readonly body?: object;
  readonly generation?: number;
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

function refusal(status: number, text: string): Error {
  const result = v.safeParse(schemas.anyProblem, parsed(text));
  if (result.success) return new ServiceRefusal(result.output);
  return UserError.at(
    "",
    `what answers is not the pools' service: it said ${status}; look at POOL_SERVICE_ADDR`,
    "service",
  );
}

/** JSON, or something that no schema takes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return NO_JSON;
  }
}

const NO_JSON = Symbol("no JSON");

/** A whole answer, which is never long. */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > LONGEST_LINE) throw UserError.at("", "the service sent an answer that is too long", "service");
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
      yield rest.slice(0, at);
      rest = rest.slice(at + 1);
    }
    if (rest.length > LONGEST_LINE) throw UserError.at("", "the service sent a line that is too long", "service");
  }
}
