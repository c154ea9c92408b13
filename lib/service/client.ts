import { readFileSync } from "node:fs";
import { request as send, type Dispatcher } from "undici";
import type * as v from "valibot";
import { UserError } from "../jobspec";
import type { ProblemBody } from "./problem";
import type * as schemas from "./schemas";
import type { RunEvent } from "./schemas";

/** A refusal of the service. */
export class ServiceRefusal extends Error {
  override readonly name = "ServiceRefusal";

  constructor(readonly problem: Pick<ProblemBody, "status" | "code" | "title" | "detail" | "retryAfter">) {
    super(`${problem.title}: ${problem.detail}`);
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

const LONGEST_LINE = 8 * 1024 * 1024;
/** A streamed command may say nothing for as long as it likes; any other answer comes within this, in milliseconds. */
const PATIENCE = 90_000;

/**
 * Where the service is, from POOL_SERVICE_ADDR, and POOL_SERVICE_TOKEN or the file that POOL_SERVICE_TOKEN_FILE names.
 *
 * @throws UserError where the one is no address, or the other cannot be read
 */
export function serviceConnection(env: Readonly<Record<string, string | undefined>>): ServiceConnection {
  const address = env.POOL_SERVICE_ADDR || "http://127.0.0.1:8790";
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw UserError.at("POOL_SERVICE_ADDR", "is no address; write http://127.0.0.1:8790, say", "address");
  return {
    address: address.replace(/\/+$/, ""),
    token: env.POOL_SERVICE_TOKEN || tokenIn(env.POOL_SERVICE_TOKEN_FILE),
  };
}

function tokenIn(file: string | undefined): string | undefined {
  if (!file) return undefined;
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw UserError.at(
      "POOL_SERVICE_TOKEN_FILE",
      `${file} cannot be read (${code}); write the file of a token`,
      "file",
    );
  }
}

/** The service's HTTP API, for the command line. */
export class ServiceClient {
  constructor(private readonly connection: ServiceConnection) {}

  async claim(wanted: v.InferInput<typeof schemas.claimRequest>, signal?: AbortSignal): Promise<ServedContainer> {
    return (await this.ask("POST", "/api/containers", { body: wanted, signal })) as ServedContainer;
  }

  async container(id: string, signal?: AbortSignal): Promise<ServedContainer> {
    return (await this.ask("GET", `/api/containers/${encodeURIComponent(id)}`, { signal })) as ServedContainer;
  }

  async release({ id, generation }: Pick<ServedContainer, "id" | "generation">, signal?: AbortSignal): Promise<void> {
    await this.ask("DELETE", `/api/containers/${encodeURIComponent(id)}`, { generation, signal });
  }

  async drain(pool: string, signal?: AbortSignal): Promise<{ readonly pool: string; readonly leased: number }> {
    const path = `/api/pools/${encodeURIComponent(pool)}/drain`;
    return (await this.ask("POST", path, { signal })) as { pool: string; leased: number };
  }

  async fill(pool: string, signal?: AbortSignal): Promise<{ readonly pool: string }> {
    return (await this.ask("POST", `/api/pools/${encodeURIComponent(pool)}/fill`, { signal })) as { pool: string };
  }

  async recycle(pool: string, signal?: AbortSignal): Promise<{ readonly pool: string; readonly replaced: number }> {
    const path = `/api/pools/${encodeURIComponent(pool)}/recycle`;
    return (await this.ask("POST", path, { signal })) as { pool: string; replaced: number };
  }

  /** Runs a command and gives what it writes as it comes; the last event says how it ended. */
  async *execute(
    { id, generation }: Pick<ServedContainer, "id" | "generation">,
    body: v.InferInput<typeof schemas.runRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<RunEvent> {
    const path = `/api/containers/${encodeURIComponent(id)}/execute`;
    const response = await this.send("POST", path, { body, generation, signal, accept: "application/x-ndjson" });
    if (response.statusCode !== 200) throw refusal(response.statusCode, await response.body.text());
    let ended = false;
    for await (const line of this.untilGone(linesOf(response.body), signal)) {
      const event = JSON.parse(line) as RunEvent;
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

  private async ask(method: Dispatcher.HttpMethod, path: string, options: Ask): Promise<unknown> {
    const response = await this.send(method, path, options);
    const text = await response.body.text();
    if (response.statusCode < 200 || response.statusCode > 299) throw refusal(response.statusCode, text);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  private async send(method: Dispatcher.HttpMethod, path: string, options: Ask): Promise<Dispatcher.ResponseData> {
    const { address, token } = this.connection;
    const { body, generation, signal, accept } = options;
    try {
      return await send(`${address}${path}`, {
        method,
        signal,
        headersTimeout: PATIENCE,
        bodyTimeout: accept === undefined ? PATIENCE : 0,
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
        `the service does not answer at ${address} (${code}); start it with cdk-nomad serve, or write its address into POOL_SERVICE_ADDR`,
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
  try {
    const problem = JSON.parse(text) as ProblemBody;
    if (typeof problem.code === "string" && typeof problem.title === "string") return new ServiceRefusal(problem);
  } catch {
    // It is none of ours.
  }
  return UserError.at(
    "",
    `what answers is not the pools' service: it said ${status}; look at POOL_SERVICE_ADDR`,
    "service",
  );
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
