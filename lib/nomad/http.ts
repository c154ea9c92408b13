import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request, RetryAgent, type Dispatcher } from "undici";
import { UserError } from "../jobspec";

/** How to reach an HTTP API of HashiCorp's kind. */
export interface Connection {
  /** Its name in messages: Nomad or Consul. */
  readonly name: string;
  /** Its address, with the scheme. */
  readonly address: string;
  /** The header that carries the token, and the token. */
  readonly token?: { readonly header: string; readonly value: string };
  /** Sent with every request. */
  readonly query?: Readonly<Record<string, string>>;
  /** Paths of TLS files. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly skipVerify?: boolean };
  /** What to try where it cannot be reached. */
  readonly hint: string;
  /** What a token must be allowed for a request, where that can be told. */
  readonly permission?: (method: string, path: string) => string | undefined;
}

/** An answer that is no success. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly api: string,
    readonly method: string,
    readonly path: string,
    readonly status: number,
    readonly body: string,
  ) {
    super(`${api} answered ${status} to ${method} ${path}: ${body.trim().slice(0, 2000)}`);
  }
}

/** What a request may carry. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** A body that is sent as it stands. */
  readonly text?: string;
  readonly signal?: AbortSignal;
}

/**
 * A server counts the connections of each client, and Nomad answers 429 from the hundredth on; so many are open at once, and whatever
 * else is asked waits its turn.
 */
const CONNECTIONS = 32;
/** Answers are read as they come: undici loses its footing where a server resets a connection that nobody reads from just then. */
const READ_AHEAD = 64 * 1024 * 1024;

/** Requests to one API, with its token, its TLS and bounded retries of what was not answered. */
export class Http {
  readonly #dispatcher: Dispatcher;

  constructor(
    readonly connection: Connection,
    shared?: Http,
  ) {
    const { tls } = connection;
    if (shared) {
      this.#dispatcher = shared.#dispatcher;
      return;
    }
    const agent = new Agent({
      connections: CONNECTIONS,
      // Blocking queries and log streams stay open for minutes.
      headersTimeout: 11 * 60_000,
      bodyTimeout: 0,
      connect: tls && {
        ca: fileOf(tls.ca),
        cert: fileOf(tls.cert),
        key: fileOf(tls.key),
        rejectUnauthorized: tls.skipVerify !== true,
      },
    });
    this.#dispatcher = new RetryAgent(agent, {
      maxRetries: 3,
      // The last answer is an answer: what it says is told, and not that there were too many.
      throwOnError: false,
      minTimeout: 200,
      maxTimeout: 2000,
      statusCodes: [429, 502, 503, 504],
      methods: ["GET"],
      errorCodes: ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"],
    });
  }

  /** The same API over the same connections, with more sent along with every request. */
  with(query: Connection["query"]): Http {
    return new Http({ ...this.connection, query: { ...this.connection.query, ...query } }, this);
  }

  /** Asks and reads JSON; undefined where there is no such thing (404). */
  async find<T>(path: string, options: RequestOptions = {}): Promise<T | undefined> {
    const response = await this.send("GET", path, options);
    if (response.statusCode === 404) {
      await response.body.dump();
      return undefined;
    }
    return (await this.read(response, "GET", path)) as T;
  }

  /** Asks and reads JSON. */
  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.read(await this.send("GET", path, options), "GET", path)) as T;
  }

  async put<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.read(await this.send("PUT", path, options), "PUT", path)) as T;
  }

  async post<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.read(await this.send("POST", path, options), "POST", path)) as T;
  }

  async delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.read(await this.send("DELETE", path, options), "DELETE", path)) as T;
  }

  /** Asks and reads the answer as it comes. */
  async *stream(path: string, options: RequestOptions = {}): AsyncGenerator<Uint8Array> {
    const response = await this.send("GET", path, options);
    if (!isFine(response)) await this.read(response, "GET", path);
    yield* response.body as AsyncIterable<Uint8Array>;
  }

  /**
   * A blocking query: answers once something is newer than an index, or after a while.
   *
   * @returns the index that is the newest then
   */
  async waitFor(
    path: string,
    options: { readonly index?: number; readonly seconds: number; readonly signal?: AbortSignal },
  ): Promise<number> {
    const { index, seconds, signal } = options;
    const response = await this.send("GET", path, { query: { index, wait: `${seconds}s` }, signal });
    await this.read(response, "GET", path);
    return Number(response.headers["x-nomad-index"] ?? response.headers["x-consul-index"] ?? 0);
  }

  /** Lets go of every connection. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  private async send(
    method: Dispatcher.HttpMethod,
    path: string,
    options: RequestOptions,
  ): Promise<Dispatcher.ResponseData> {
    const { connection } = this;
    const url = new URL(path, connection.address);
    for (const [key, value] of Object.entries({ ...connection.query, ...options.query })) {
      if (Array.isArray(value)) for (const one of value as readonly string[]) url.searchParams.append(key, one);
      else if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const headers: Record<string, string> = {};
    if (connection.token) headers[connection.token.header] = connection.token.value;
    // Many requests end by one signal, and that is no leak.
    if (options.signal) setMaxListeners(0, options.signal);
    const body = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    try {
      return await request(url, {
        method,
        headers,
        body,
        signal: options.signal,
        dispatcher: this.#dispatcher,
        highWaterMark: READ_AHEAD,
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw UserError.at(
        "",
        `${connection.name} does not answer at ${connection.address} (${reasonOf(error)}); ${connection.hint}`,
        "unreachable",
      );
    }
  }

  private async read(response: Dispatcher.ResponseData, method: string, path: string): Promise<unknown> {
    const text = await response.body.text();
    if (isFine(response)) return text === "" ? undefined : parse(text);
    if (response.statusCode === 403 || response.statusCode === 401) {
      const { name, token } = this.connection;
      const variable = `${name.toUpperCase()}_${name === "Consul" ? "HTTP_" : ""}TOKEN`;
      const why = token ? "refuses the token" : "wants a token";
      const needs = this.connection.permission?.(method, path);
      throw UserError.at(
        "",
        `${name} ${why} for ${method} ${path}: ${text.trim()}; write one ${needs === undefined ? "that may" : `with ${needs}`} into ${variable}`,
        "token",
      );
    }
    throw new ApiError(this.connection.name, method, path, response.statusCode, text);
  }
}

function fileOf(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw UserError.at(
      path,
      `cannot be read (${(error as NodeJS.ErrnoException).code}); write the path of a PEM file`,
      "tls",
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isFine({ statusCode }: Dispatcher.ResponseData): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map((inner) => reasonOf(inner)))].join(", ");
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
