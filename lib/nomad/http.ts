import { setMaxListeners } from "node:events";
import { NoAnswerError, shortened } from "../errors";
import { setTimeout as sleep } from "node:timers/promises";
import { errors, request, type Dispatcher } from "undici";
import type * as v from "valibot";
import { parseJson, readAnswer, unreadable, type AnswerSource } from "./answers";
import type { ApiPath } from "./api-path";
import { BodyBudget, sizeInWords, textOf, textOrBeginning, TooLargeError } from "./body";
import type { Connection, RequestOptions } from "./connection";
import { ApiError, codeOf, isSilent } from "./errors";
import { failureOf, refusalOf, type Refused } from "./failure";
import { mayBeMistaken, serverAt, wrongServer } from "./identity";
import { beginningWithin, Pace } from "./pace";
import { headersOf, urlOf } from "./requests";
import { Sessions } from "./sessions";
import { indexHeader, isAbsent, isPage, mayBeginJson, missingIndex, strangerIn, type RawAnswer } from "./stranger";
import { transportFor, type Transport } from "./transport";

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
  /** How long after the question something newer is told at the earliest, in milliseconds: what changes all the time is not asked for without a pause. Default: 0. */
  readonly least?: number;
  readonly query?: RequestOptions["query"];
  readonly signal?: AbortSignal;
  /** Whether nothing may be left out of the answer, see {@link RequestOptions}. Default: it is read as it comes. */
  readonly complete?: boolean;
}

/** How a request is waited for. */
interface WaitedOptions extends PatientOptions {
  /** Whether the server was silent before, and has answered nothing since. Default: false. */
  readonly stillSilent?: boolean;
}

type Schema = v.GenericSchema<unknown>;

/** Answers are read as they come: undici loses its footing where a server resets a connection that nobody reads from just then. */
const READ_AHEAD = 64 * 1024 * 1024;
const SILENCE = 12_000;
/** An answer of which hardly anything comes has ended within so many silences. */
const PATIENCE = 3;
/** The part of its silence that is borne of a server that was silent the last time: a command that asks it many things would wait for each of them. */
const ONCE_MORE = 1 / 3;
/** The allocations of a very large cluster are some tens of MB; of what is no answer only the beginning is wanted, for a message. */
const LIMITS = { whole: 256 * 1024 * 1024, beginning: 64 * 1024 };
/** What all answers of a server that are read at once may have together. */
const TOGETHER = 512 * 1024 * 1024;
/** How long is waited for an answer that tells which server it is, in milliseconds. */
const PROBE = 3000;
/** https://developer.hashicorp.com/consul/api-docs/api-structure#results-filtered-by-acls */
const FILTERED = "x-consul-results-filtered-by-acls";
/** What a blocking query is answered within at once, and how long whoever asked is kept, where that was for nothing; in milliseconds. */
const AT_ONCE = 250;
/** Pauses before a question is asked again; a change is never sent twice. */
const PAUSES = [200, 400, 800];
const BUSY = new Set([429, 502, 503, 504]);
const CUT = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** What clients have in common that go over the same connections. */
interface Shared {
  /** Whether anybody has answered at this address. */
  answered: boolean;
  /** Whether it was the server that is meant. */
  known: boolean;
  /** Whether it took requests the last time and did not answer, or hardly. */
  silent: boolean;
  /** Which server it is, asked once. */
  server?: ReturnType<typeof serverAt>;
  readonly transport: Transport;
  readonly sessions: Sessions;
  readonly budget: BodyBudget;
}

/** Requests to one API, with its token, its TLS, limits of time and size, and bounded retries of what was not answered. */
export class Http {
  readonly #shared: Shared;

  constructor(
    readonly connection: Connection,
    shared?: Http,
  ) {
    this.#shared = (shared && shared.#shared) ?? {
      answered: false,
      known: false,
      silent: false,
      transport: transportFor(connection),
      sessions: new Sessions(connection.execs),
      budget: new BodyBudget(TOGETHER),
    };
  }

  /** The same API over the same connections, whose silence is borne for a while only, in milliseconds. */
  bearing(silence: number): Http {
    return new Http({ ...this.connection, silence: Math.min(silence, this.silence) }, this);
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
    return (await this.findDated(path, schema, options)).value;
  }

  /**
   * The same, with when it was answered by the server's own clock, in milliseconds since 1970, cut to whole seconds; undefined where the server does not say it.
   * What servers and nodes write down is compared with that, and not with a clock of this machine.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#name-date
   */
  async findDated<S extends Schema>(
    path: ApiPath,
    schema: S,
    options: RequestOptions = {},
  ): Promise<{ readonly value: v.InferOutput<S> | undefined; readonly answered: number | undefined }> {
    const answer = await this.ask(path, options);
    const value = await this.understood(() => this.found(answer, schema, path, options));
    const date = Date.parse(String(answer.headers.date ?? ""));
    return { value, answered: Number.isNaN(date) ? undefined : date };
  }

  /** Asks and reads JSON. */
  async get<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    const answer = await this.ask(path, options);
    return this.understood(() => {
      this.checkComplete(answer, path, options);
      return this.read(answer, schema, "GET", path);
    });
  }

  async put<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.change("PUT", path, schema, options);
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
    if (answer.status !== 409) return { value: await this.understood(() => this.read(answer, schema, "PUT", path)) };
    const source = this.source("PUT", path);
    return { conflict: readAnswer(conflict, parseJson(answer.text, source), source) };
  }

  async post<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.change("POST", path, schema, options);
  }

  async delete<S extends Schema>(path: ApiPath, schema: S, options: RequestOptions = {}): Promise<v.InferOutput<S>> {
    return this.change("DELETE", path, schema, options);
  }

  /** Asks for a page that a browser shows, which is no answer of the API. @throws as {@link get}, where it is larger too */
  async page(path: ApiPath, options: RequestOptions & { readonly limit: number }): Promise<string> {
    const response = await this.send("GET", path, options);
    if (!isFine(response.statusCode)) this.refuse(await this.whole(response, "GET", path, options), "GET", path);
    try {
      return await textOf(response.body as AsyncIterable<Uint8Array>, options.limit);
    } catch (error) {
      throw this.failure(error, "GET", path, options);
    }
  }

  /** Asks and reads the answer as it comes. */
  async *stream(path: ApiPath, options: PatientOptions = {}): AsyncGenerator<Uint8Array> {
    const response = await this.send("GET", path, options);
    if (!isFine(response.statusCode) || isPage(response.headers))
      throw await this.explained(this.refusal(await this.whole(response, "GET", path, options), "GET", path));
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
    if (!isFine(answer.status)) throw await this.explained(this.refusal(answer, "GET", path));
    return this.indexOf(answer);
  }

  /** A blocking query, see {@link waitFor}, with what is there then. */
  async watch<S extends Schema>(
    path: ApiPath,
    schema: S,
    options: BlockingOptions,
  ): Promise<{ readonly value: v.InferOutput<S>; readonly index: number }> {
    const answer = await this.block(path, options);
    this.checkComplete(answer, path, options);
    return { value: await this.understood(() => this.read(answer, schema, "GET", path)), index: this.indexOf(answer) };
  }

  /** A blocking query, see {@link waitFor}, with what is there then: undefined where there is no such thing (404). */
  async watchFor<S extends Schema>(
    path: ApiPath,
    schema: S,
    options: BlockingOptions,
  ): Promise<{ readonly value: v.InferOutput<S> | undefined; readonly index: number }> {
    const answer = await this.block(path, options);
    const value = await this.understood(() => this.found(answer, schema, path, options));
    return { value, index: this.indexOf(answer) };
  }

  private async change<S extends Schema>(
    method: Dispatcher.HttpMethod,
    path: ApiPath,
    schema: S,
    options: RequestOptions,
  ): Promise<v.InferOutput<S>> {
    const answer = await this.once(method, path, options);
    return this.understood(() => this.read(answer, schema, method, path));
  }

  /** The index of what an answer tells of; 0 where it says none, or what cannot be one. */
  private indexOf({ headers }: RawAnswer): number {
    const index = Number(headers[indexHeader(this.connection.name)] ?? 0);
    return Number.isSafeInteger(index) && index > 0 ? index : 0;
  }

  private async block(
    path: ApiPath,
    { index, seconds, least = 0, query, signal }: BlockingOptions,
  ): Promise<RawAnswer> {
    // A server adds up to a sixteenth, so that not all clients come back at once.
    const silence = seconds * 1000 * (1 + 1 / 16) + this.silence;
    // In milliseconds, since Go reads no fractions such as "1e-3s".
    const wait = `${Math.round(seconds * 1000)}ms`;
    const asked = performance.now();
    const answer = await this.once("GET", path, { query: { ...query, index, wait }, signal, silence });
    // A server answers at once where something is newer. What does so and has nothing newer, as a cache in between does, would be asked without a pause.
    const isNewer = index === undefined || this.indexOf(answer) > index;
    const lasted = performance.now() - asked;
    if (!isNewer && lasted < Math.min(AT_ONCE, seconds * 1000))
      await sleep(AT_ONCE * (0.5 + Math.random()), undefined, { signal });
    if (isNewer && index !== undefined && lasted < least) await sleep(least - lasted, undefined, { signal });
    return answer;
  }

  /** Where an answer came from, for messages. */
  source(method: string, path: ApiPath): AnswerSource {
    const { name, address } = this.connection;
    return { name, address, endpoint: `${method} ${path.toString()}` };
  }

  /** Lets go of every connection; who still asks is told that it is closed. */
  async close(): Promise<void> {
    this.sessions.end();
    await this.#shared.transport.dispatcher.destroy();
  }

  /** The sessions over these connections. */
  get sessions(): Sessions {
    return this.#shared.sessions;
  }

  /** What a WebSocket is opened with, so that it goes the way that requests go. */
  async webSocketOptions(url: URL, signal?: AbortSignal): ReturnType<Transport["webSocketOptions"]> {
    return this.#shared.transport.webSocketOptions(url, signal);
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

  private async once(method: Dispatcher.HttpMethod, path: ApiPath, given: PatientOptions): Promise<RawAnswer> {
    const options = this.waitedFor(given);
    const answer = await this.whole(await this.send(method, path, options), method, path, options);
    this.#shared.silent = false;
    return answer;
  }

  /** How long an answer is waited for: not as long where the server is silent just now. */
  private waitedFor(options: PatientOptions): WaitedOptions {
    if (!this.#shared.silent || options.silence !== undefined) return options;
    return { ...options, silence: this.silence * ONCE_MORE, stillSilent: true };
  }

  private async send(
    method: Dispatcher.HttpMethod,
    path: ApiPath,
    options: WaitedOptions,
  ): Promise<Dispatcher.ResponseData> {
    // Many requests end by one signal, and that is no leak.
    if (options.signal) setMaxListeners(0, options.signal);
    if (method !== "GET" && options.changesNothing !== true) this.connection.onChange?.();
    const silence = options.silence ?? this.silence;
    const asked = performance.now();
    const beginning = options.stillSilent ? beginningWithin(silence, options.signal) : undefined;
    try {
      const response = await request(urlOf(this.connection, path, options.query), {
        method,
        headers: headersOf(this.connection),
        body: options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
        signal: beginning?.signal ?? options.signal,
        dispatcher: this.#shared.transport.dispatcher,
        highWaterMark: READ_AHEAD,
        headersTimeout: silence,
        bodyTimeout: silence,
        // Word that an answer will come is none: with each, undici waits anew.
        onInfo: () => {
          if (silence > 0 && performance.now() - asked > silence) throw new errors.HeadersTimeoutError();
        },
      });
      this.#shared.answered = true;
      return response;
    } catch (error) {
      throw this.failure(error, method, path, options);
    } finally {
      beginning?.end();
    }
  }

  private async whole(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    method: string,
    path: ApiPath,
    options: WaitedOptions,
  ): Promise<RawAnswer> {
    const time = (options.silence ?? this.silence) * (options.stillSilent ? 1 : PATIENCE);
    const pace = new Pace(time, (error) => body.destroy(error));
    try {
      const chunks = this.#shared.budget.counted(pace.counted(body as AsyncIterable<Uint8Array>));
      const isAnswer = (first: Uint8Array) => isFine(statusCode) && !isPage(headers) && mayBeginJson(first);
      return { status: statusCode, headers, text: await textOrBeginning(chunks, isAnswer, LIMITS) };
    } catch (error) {
      throw this.failure(error, method, path, options);
    } finally {
      pace.end();
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
    if (isAbsent(answer, this.connection.name)) {
      this.#shared.known = true;
      return undefined;
    }
    if (answer.status === 404) {
      const said = shortened(answer.text.trim(), 200);
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
    const missing = method === "GET" && missingIndex(answer, this.connection.name, path);
    if (missing) throw unreadable(source, missing);
    const value = readAnswer(schema, parseJson(answer.text, source), source);
    // Both servers answer these two alike.
    this.#shared.known ||= !/^\/v1\/(?:status|agent)\//.test(path.toString());
    return value;
  }

  /** Reads an answer; where that fails, another server may be at the address. */
  private async understood<T>(read: () => T): Promise<T> {
    try {
      return read();
    } catch (error) {
      throw await this.explained(error);
    }
  }

  /** Why an answer is not as it should be: what is wrong with it, or that another server is at the address. */
  async explained(error: unknown): Promise<unknown> {
    if (this.#shared.known || !mayBeMistaken(error)) return error;
    const { name } = this.connection;
    const server = await (this.#shared.server ??= serverAt(name, (path) => this.probe(path)));
    this.#shared.known = server === name;
    if (server === name) return error;
    if (server !== undefined) return wrongServer(this.connection, server);
    // What is refused with 400 may have been understood.
    if (!(error instanceof ApiError) || error.status === 400) return error;
    const said = shortened(error.body.trim(), 200) || "nothing else";
    const source = { ...this.connection, endpoint: `${error.method} ${error.path}` };
    return unreadable(source, `it is a ${error.status} that ${name} does not give: ${said}`);
  }

  /** The JSON that is answered to a question without a token; undefined for any other answer, and for none. */
  private async probe(path: ApiPath): Promise<unknown> {
    try {
      const { token: _none, ...connection } = this.connection;
      const response = await request(urlOf({ ...connection, query: {} }, path, {}), {
        headers: headersOf(connection),
        dispatcher: this.#shared.transport.dispatcher,
        signal: AbortSignal.timeout(Math.min(PROBE, this.silence)),
      });
      const text = await textOf(response.body as AsyncIterable<Uint8Array>, LIMITS.beginning);
      return isFine(response.statusCode) ? (JSON.parse(text) as unknown) : undefined;
    } catch {
      return undefined;
    }
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
  failure(error: unknown, method: string, path: ApiPath, options: WaitedOptions): unknown {
    if (options.signal?.aborted) return error;
    if (error instanceof TooLargeError) {
      const what = error.together ? "it and what is asked at the same time are" : "it is";
      return unreadable(this.source(method, path), `${what} larger than ${sizeInWords(error.limit)}`);
    }
    const silence = options.silence ?? this.silence;
    const { connection } = this;
    const { stillSilent } = options;
    const everAnswered = this.#shared.answered;
    const failure = failureOf(error, { connection, method, path, silence, everAnswered, stillSilent });
    this.#shared.silent ||= isSilent(failure);
    return failure;
  }
}

function isFine(status: number): boolean {
  return status >= 200 && status < 300;
}
