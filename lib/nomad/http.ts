import { readFileSync } from "node:fs";
import { Agent, fetch, RetryAgent, type Dispatcher } from "undici";
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
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** A body that is sent as it stands. */
  readonly text?: string;
  readonly signal?: AbortSignal;
}

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
  with(query: Readonly<Record<string, string>>): Http {
    return new Http({ ...this.connection, query: { ...this.connection.query, ...query } }, this);
  }

  /** Asks and reads JSON; undefined where there is no such thing (404). */
  async find<T>(path: string, options: RequestOptions = {}): Promise<T | undefined> {
    const response = await this.send("GET", path, options);
    if (response.status === 404) {
      await response.body?.cancel();
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
    if (!response.ok) await this.read(response, "GET", path);
    if (response.body) yield* response.body as unknown as AsyncIterable<Uint8Array>;
  }

  /** Lets go of every connection. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  private async send(method: string, path: string, options: RequestOptions) {
    const { connection } = this;
    const url = new URL(path, connection.address);
    for (const [key, value] of Object.entries({ ...connection.query, ...options.query })) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const headers: Record<string, string> = {};
    if (connection.token) headers[connection.token.header] = connection.token.value;
    const body = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    try {
      return await fetch(url, { method, headers, body, signal: options.signal, dispatcher: this.#dispatcher });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw UserError.at(
        "",
        `${connection.name} does not answer at ${connection.address} (${reasonOf(error)}); ${connection.hint}`,
        "unreachable",
      );
    }
  }

  private async read(response: Awaited<ReturnType<typeof fetch>>, method: string, path: string): Promise<unknown> {
    const text = await response.text();
    if (response.ok) return text === "" ? undefined : parse(text);
    if (response.status === 403 || response.status === 401) {
      const { name, token } = this.connection;
      const variable = `${name.toUpperCase()}_${name === "Consul" ? "HTTP_" : ""}TOKEN`;
      const why = token ? "refuses the token" : "wants a token";
      throw UserError.at(
        "",
        `${name} ${why} for ${method} ${path}: ${text.trim()}; write one that may into ${variable}`,
        "token",
      );
    }
    throw new ApiError(this.connection.name, method, path, response.status, text);
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

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError)
    return cause.errors.map((inner) => (inner as NodeJS.ErrnoException).code).join(", ");
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error instanceof Error ? error.message : String(error);
}
