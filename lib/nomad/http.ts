import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request, type Dispatcher } from "undici";
import type * as v from "valibot";
import { parseJson, readAnswer, unreadable, type AnswerSource } from "./answers";
import type { ApiPath } from "./api-path";
import { beginningOf, textOf, TooLargeError } from "./body";
import type { Connection, RequestOptions } from "./connection";
import { NoAnswerError } from "./errors";
import { codeOf, CONNECT_TIMEOUT, failureOf, refusalOf, SlowError, type Refused } from "./failure";
import { headersOf, tlsOptionsOf, urlOf } from "./requests";
import { Sessions } from "./sessions";
import { isAbsent, isPage, mayBeginJson, strangerIn, type RawAnswer } from "./stranger";

/** What a request may have along whose answer is awaited longer, or comes bit by bit. */
export interface PatientOptions extends RequestOptions {
  /** How long the server may say nothing, in milliseconds; 0 for as long as it likes. Default: the connection's. */
  readonly silence?: number;
}

/** How long a blocking query waits, and for what. */
export interface BlockingOptions {
  /** Answered when something is newer. Default: at once. */
  readonly index?: number;
  /** Answered after so many seconds at the latest. */
  readonly seconds: number;
  readonly query?: RequestOptions["query"];
  readonly signal?: AbortSignal;
  /** Whether nothing may be left out of the answer, see {@link RequestOptions}. Default: it is read as it comes. */
  readonly complete?: boolean;
}

type Schema = v.GenericSchema<unknown>;

/**
 * A server counts the connections of each client, and Nomad answers 429 from the hundredth on; so many are open at once, and whatever
 * else is asked waits its turn.
 */
const CONNECTIONS = 32;
/** Answers are read as they come: undici loses its footing where a server resets a connection that nobody reads from just then. */
const READ_AHEAD = 64 * 1024 * 1024;
const SILENCE = 12_000;
/** An answer comes to its end within so many silences. */
const PATIENCE = 10;
/** The allocations of a very large cluster are some tens of MB. */
const LARGEST_ANSWER = 256 * 1024 * 1024;
/** Of what cannot be read as an answer only the beginning is wanted, for a message. */
const LARGEST_REFUSAL = 64 * 1024;
/** https://developer.hashicorp.com/consul/api-docs/api-structure#results-filtered-by-acls */
const FILTERED = "x-consul-results-filtered-by-acls";
/** Pauses before a question is asked again; a change is never sent twice. */
const PAUSES = [200, 400, 800];
const BUSY = new Set([429, 502, 503, 504]);
const CUT = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** What clients have in common that go over the same connections. */
interface Shared {
  /** Whether anybody has answered at this address. */
  answered: boolean;
  readonly sessions: Sessions;
}

/** Requests to one API, with its token, its TLS, limits of time and size, and bounded retries of what was not answered. */
export class Http {
  readonly #dispatcher: Dispatcher;
  readonly #shared: Shared;

  constructor(
    readonly connection: Connection,
    shared?: Http,
  ) {
    this.#dispatcher = shared ? shared.#dispatcher : agentFor(connection);
    this.#shared = shared ? shared.#shared : { answered: false, sessions: new Sessions(connection.execs) };
  }

  /** The same API over the same connections, with more sent along with every request. */
  with(query: Connection["query"]): Http {
    return new Http({ ...this.connection, query: { ...this.connection.query, ...query } }, this);
  }

  /**
   * Asks and reads JSON; undefined where the server itself says that there is no such thing (404).
   *
   * @throws UserError with the address where the 404 is that of something in between
   */
  async find<S extends Schema>(
    path: ApiPath,
    schema: S,
    options: RequestOptions = {},
  ): Promise<v.InferOutput<S> | undefined> {
    return this.found(await this.ask(path, options), schema, path, options);
  }

  /** Asks and reads JSON. */
  async get<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.read(await this.ask(path, options), schema, "GET", path);
  }

  async put<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.read(await this.once("PUT", path, options), schema, "PUT", path);
  }

  /**
   * Changes something by check-and-set.
   *
   * @param conflict what the server answers where it is not as it was to be (409)
   */
  async putIf<S extends Schema, C extends Schema>(
    path: ApiPath,
    schema: S,
    conflict: C,
    options: RequestOptions = {},
  ): Promise<{ readonly value: v.InferOutput<S> } | { readonly conflict: v.InferOutput<C> }> {
    const answer = await this.once("PUT", path, options);
    if (answer.status !== 409) return { value: this.read(answer, schema, "PUT", path) };
    const source = this.source("PUT", path);
    return { conflict: readAnswer(conflict, parseJson(answer.text, source), source) };
  }

  async post<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.read(await this.once("POST", path, options), schema, "POST", path);
  }

  async delete<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.read(await this.once("DELETE", path, options), schema, "DELETE", path);
  }

  /** Asks and reads the answer as it comes. */
  async *stream(path: ApiPath, options: PatientOptions = {}): AsyncGenerator<Uint8Array> {
    const response = await this.send("GET", path, options);
    if (!isFine(response.statusCode) || isPage(response.headers))
      this.refuse(await this.whole(response, "GET", path, options), "GET", path);
    try {
      yield* response.body as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw this.failure(error, "GET", path, options);
    }
  }

  /**
   * A blocking query: answers once something is newer than an index, or after a while.
   *
   * @returns the index that is the newest then
   * @see https://developer.hashicorp.com/nomad/api-docs#blocking-queries
   */
  async waitFor(path: ApiPath, options: BlockingOptions): Promise<number> {
    const answer = await this.block(path, options);
    if (!isFine(answer.status)) this.refuse(answer, "GET", path);
    return indexOf(answer);
  }

  /** A blocking query, see {@link waitFor}, with what is there then. */
  async watch<S extends Schema>(
    path: ApiPath,
    schema: S,
    options: BlockingOptions,
  ): Promise<{ readonly value: v.InferOutput<S>; readonly index: number }> {
    const answer = await this.block(path, options);
    this.checkComplete(answer, path, options);
    return { value: this.read(answer, schema, "GET", path), index: indexOf(answer) };
  }

  /** A blocking query, see {@link waitFor}, with what is there then: undefined where there is no such thing (404). */
  async watchFor<S extends Schema>(
    path: ApiPath,
    schema: S,
    options: BlockingOptions,
  ): Promise<{ readonly value: v.InferOutput<S> | undefined; readonly index: number }> {
    const answer = await this.block(path, options);
    return { value: this.found(answer, schema, path, options), index: indexOf(answer) };
  }

  private async block(path: ApiPath, { index, seconds, query, signal }: BlockingOptions): Promise<RawAnswer> {
    // A server adds up to a sixteenth, so that not all clients come back at once.
    const silence = seconds * 1000 * (1 + 1 / 16) + this.silence;
    // In milliseconds, since Go reads no fractions such as "1e-3s".
    const wait = `${Math.round(seconds * 1000)}ms`;
    return this.once("GET", path, { query: { ...query, index, wait }, signal, silence });
  }

  /** Where an answer came from, for messages. */
  source(method: string, path: ApiPath): AnswerSource {
    const { name, address } = this.connection;
    return { name, address, endpoint: `${method} ${path.toString()}` };
  }

  /** Lets go of every connection; who still asks is told that it is closed. */
  async close(): Promise<void> {
    this.sessions.end();
    await this.#dispatcher.destroy();
  }

  /** The sessions over these connections. */
  get sessions(): Sessions {
    return this.#shared.sessions;
  }

  /** Remembers that somebody has answered at this address. */
  answered(): void {
    this.#shared.answered = true;
  }

  /** How long its silence is borne, in milliseconds. */
  get silence(): number {
    return this.connection.silence ?? SILENCE;
  }

  /** A question, asked again where the server is busy or cuts the connection. */
  private async ask(path: ApiPath, options: RequestOptions): Promise<RawAnswer> {
    for (const pause of PAUSES) {
      try {
        const answer = await this.once("GET", path, options);
        if (!BUSY.has(answer.status)) return answer;
      } catch (error) {
        if (!(error instanceof NoAnswerError) || !CUT.has(codeOf(error.cause) ?? "")) throw error;
      }
      await sleep(pause * (0.75 + Math.random() / 2), undefined, { signal: options.signal });
    }
    // The last answer is an answer: what it says is told, and not that there were too many.
    return this.once("GET", path, options);
  }

  private async once(method: Dispatcher.HttpMethod, path: ApiPath, options: PatientOptions): Promise<RawAnswer> {
    return this.whole(await this.send(method, path, options), method, path, options);
  }

  private async send(
    method: Dispatcher.HttpMethod,
    path: ApiPath,
    options: PatientOptions,
  ): Promise<Dispatcher.ResponseData> {
    // Many requests end by one signal, and that is no leak.
    if (options.signal) setMaxListeners(0, options.signal);
    const silence = options.silence ?? this.silence;
    try {
      const response = await request(urlOf(this.connection, path, options.query), {
        method,
        headers: headersOf(this.connection),
        body: options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
        signal: options.signal,
        dispatcher: this.#dispatcher,
        highWaterMark: READ_AHEAD,
        headersTimeout: silence,
        bodyTimeout: silence,
      });
      this.#shared.answered = true;
      return response;
    } catch (error) {
      throw this.failure(error, method, path, options);
    }
  }

  private async whole(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    method: string,
    path: ApiPath,
    options: PatientOptions,
  ): Promise<RawAnswer> {
    const longest = (options.silence ?? this.silence) * PATIENCE;
    // Bit by bit, each within the time of a silence, an answer could take for ever.
    const over = longest > 0 ? setTimeout(() => body.destroy(new SlowError(longest)), longest) : undefined;
    try {
      const chunks = body as AsyncIterable<Uint8Array>;
      const isAnswer = (first: Uint8Array) => isFine(statusCode) && !isPage(headers) && mayBeginJson(first);
      return { status: statusCode, headers, text: await answerText(chunks, isAnswer) };
    } catch (error) {
      throw this.failure(error, method, path, options);
    } finally {
      clearTimeout(over);
    }
  }

  /** Reads an answer, or that there is no such thing. */
  private found<S extends Schema>(
    answer: RawAnswer,
    schema: S,
    path: ApiPath,
    options: { readonly complete?: boolean },
  ): v.InferOutput<S> | undefined {
    this.checkComplete(answer, path, options);
    if (isAbsent(answer, this.connection.name)) return undefined;
    if (answer.status === 404) {
      const said = answer.text.trim().slice(0, 200);
      const what =
        strangerIn(answer) ?? `it is a 404 that ${this.connection.name} does not give: ${said || "nothing else"}`;
      throw unreadable(this.source("GET", path), what);
    }
    return this.read(answer, schema, "GET", path);
  }

  /** Of what a token may not read Consul leaves out, which would look as if it were not there. */
  private checkComplete(answer: RawAnswer, path: ApiPath, { complete }: { readonly complete?: boolean }): void {
    if (complete && answer.headers[FILTERED] === "true")
      this.refuse({ ...answer, status: 403, text: "the token may not read all of it" }, "GET", path);
  }

  private read<S extends Schema>(answer: RawAnswer, schema: S, method: string, path: ApiPath): v.InferOutput<S> {
    if (!isFine(answer.status) || strangerIn(answer) !== undefined) this.refuse(answer, method, path);
    const source = this.source(method, path);
    return readAnswer(schema, parseJson(answer.text, source), source);
  }

  /** Says what an answer that is no success means. */
  refuse(answer: Refused, method: string, path: ApiPath): never {
    throw this.refusal(answer, method, path);
  }

  /** What an answer means that is no success. */
  refusal(answer: Refused, method: string, path: ApiPath): Error {
    return refusalOf(answer, { connection: this.connection, source: this.source(method, path), method, path });
  }

  /** What it means that no answer came; what is neither the network's doing nor the server's stays as it is. */
  failure(error: unknown, method: string, path: ApiPath, options: PatientOptions): unknown {
    if (options.signal?.aborted) return error;
    if (error instanceof TooLargeError)
      return unreadable(this.source(method, path), `it is larger than ${LARGEST_ANSWER / 1024 / 1024} MB`);
    const silence = options.silence ?? this.silence;
    const { connection } = this;
    return failureOf(error, { connection, method, path, silence, everAnswered: this.#shared.answered });
  }
}

/** The text of a body; only its beginning where that shows that it is no answer in JSON, however much follows. */
async function answerText(
  chunks: AsyncIterable<Uint8Array>,
  isAnswer: (first: Uint8Array) => boolean,
): Promise<string> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return "";
  const whole = rejoined(first.value, iterator);
  return isAnswer(first.value) ? textOf(whole, LARGEST_ANSWER) : beginningOf(whole, LARGEST_REFUSAL);
}

async function* rejoined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function agentFor(connection: Connection): Agent {
  return new Agent({
    connections: CONNECTIONS,
    connect: { timeout: CONNECT_TIMEOUT, ...tlsOptionsOf(connection) },
  });
}

function indexOf({ headers }: RawAnswer): number {
  return Number(headers["x-nomad-index"] ?? headers["x-consul-index"] ?? 0);
}

function isFine(status: number): boolean {
  return status >= 200 && status < 300;
}
