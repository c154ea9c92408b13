import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** What a server answers to one request. */
export interface Reply {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text as it stands. Default: nothing. */
  readonly body?: unknown;
}

/** What a server does with one request beside answering it. */
export type Act =
  | Reply
  /** Takes the request and never says anything, as an agent that is stopped. */
  | "hang"
  /** Cuts the connection instead of answering. */
  | "reset"
  /** Answers the headers and the first half, and then nothing more. */
  | { readonly stall: Reply }
  /** Sends each piece after the pause before it, in milliseconds, and leaves the connection open, or cuts it at the end. */
  | {
      readonly stream: readonly { readonly after?: number; readonly text: string }[];
      readonly end?: "open" | "close" | "reset";
    };

/** What is answered to an endpoint: always the same, one after another (the last one stays), or what a function says. */
export type Answer = Act | readonly Act[] | ((request: Asked) => Act | Promise<Act>);

/** A request that came in. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** The body, read as JSON where it is. */
  readonly body: unknown;
}

/** Answers by endpoint, such as `GET /v1/job/web/deployments`; with a query (`GET /v1/jobs?prefix=a`) for that one alone. */
export type Answers = Readonly<Record<string, Answer>>;

/**
 * A server in this process that answers over a real loopback connection what a Nomad or a Consul answered once, or what a test makes up:
 * the middle layer of tests, between pure functions and a cluster.
 *
 * ```ts
 * const nomad = new ReplayServer({ ...recorded("nothing-placed").nomad, "GET /v1/event/stream": HEARTBEATS });
 * await nomad.open();
 * const client = new NomadClient(nomadConnection({ NOMAD_ADDR: nomad.address }));
 * const outcome = await watchDeployment(client, job, registration, options);
 * expect(nomad.asked.map(({ path }) => path)).toContain("/v1/job/web/deployments");
 * await nomad.close();
 * ```
 *
 * A scenario is a list of answers, each for one request, the last for all that follow: `"GET /v1/evaluation/1": [pending, complete]`; or
 * a function, or {@link ReplayServer.set} between two steps of a test. Commands get `nomad.address` as NOMAD_ADDR in their environment.
 */
export class ReplayServer {
  /** Every request that came in, in order. */
  readonly asked: Asked[] = [];
  readonly #counts = new Map<string, number>();
  readonly #answers = new Map<string, Answer>();
  /** The keys of the answers by their endpoint, of which there are as many as a test likes. */
  readonly #endpoints = new Map<string, Endpoint[]>();
  readonly #server: Server;

  constructor(answers: Answers = {}) {
    this.set(answers);
    this.#server = createServer((request, response) => void this.serve(request, response));
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers otherwise from now on; what is not named stays. */
  set(answers: Answers): void {
    for (const [key, answer] of Object.entries(answers)) {
      if (!this.#answers.has(key)) this.#index(key);
      this.#answers.set(key, answer);
      this.#counts.delete(key);
    }
  }

  #index(key: string): void {
    const [endpoint = "", search = ""] = key.split("?");
    // Recordings keep ids as they were written in the request: load%2Fdispatch-1.
    const plain = decode(endpoint);
    const wanted = [...new URLSearchParams(search)];
    this.#endpoints.set(plain, [...(this.#endpoints.get(plain) ?? []), { key, wanted }]);
  }

  /** Answers these and nothing else from now on, and forgets what was asked. */
  reset(answers: Answers): void {
    this.#answers.clear();
    this.#endpoints.clear();
    this.#counts.clear();
    this.asked.length = 0;
    this.set(answers);
  }

  /** How often an endpoint was asked. */
  count(endpoint: string): number {
    return this.asked.filter(({ method, path }) => `${method} ${path}` === endpoint).length;
  }

  /** Cuts every connection, as a server that ends. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = request;
    const { pathname, searchParams: query } = new URL(url, "http://loopback");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked: Asked = { method, path: decode(pathname), query, headers, body: bodyOf(chunks) };
    this.asked.push(asked);
    await act(await this.actFor(asked), response);
  }

  private async actFor(asked: Asked): Promise<Act> {
    const key = this.keyFor(asked);
    const answer = key === undefined ? undefined : this.#answers.get(key);
    // What no recording has is not there: a server says so with 404.
    if (key === undefined || answer === undefined)
      return {
        status: 404,
        headers: INDEXES,
        body: `replay: nothing is recorded for ${asked.method} ${asked.path}`,
      };
    if (typeof answer === "function") return answer(asked);
    if (!isList(answer)) return answer;
    const turn = this.#counts.get(key) ?? 0;
    this.#counts.set(key, turn + 1);
    return answer[Math.min(turn, answer.length - 1)] ?? "hang";
  }

  /** The endpoint whose query the request has, the one that names most of it first. */
  private keyFor({ method, path, query }: Asked): string | undefined {
    const fitting = (this.#endpoints.get(`${method} ${path}`) ?? []).filter(({ wanted }) =>
      wanted.every(([name, value]) => query.getAll(name).includes(value)),
    );
    return fitting.sort((a, b) => b.wanted.length - a.wanted.length)[0]?.key;
  }
}

/** An answer's key, and the query that a request must have for it. */
interface Endpoint {
  readonly key: string;
  readonly wanted: readonly (readonly [name: string, value: string])[];
}

/** A state of a cluster as `npm run record` found it. */
export interface Recorded {
  /** What the state is, in a sentence. */
  readonly about: string;
  readonly nomad: Answers;
  readonly consul: Answers;
}

/**
 * A recorded state, by the name of its file in `__tests__/fixtures/servers`. Its ids count from `a0000001-0000-4000-8000-000000000000` on,
 * its indexes in tens, its times in seconds from November 2023 on.
 */
export function recorded(name: string): Recorded {
  const file = join(__dirname, "../fixtures/servers", `${name}.json`);
  const { about, nomad, consul } = JSON.parse(readFileSync(file, "utf8")) as Record<"nomad" | "consul", Kept> & {
    readonly about: string;
  };
  return { about, nomad: answersOf(nomad), consul: answersOf(consul) };
}

/** The names of all recorded states. */
export function recordedNames(): readonly string[] {
  return readdirSync(join(__dirname, "../fixtures/servers"))
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .sort();
}

/** What was registered in a recorded state, as the server keeps it. */
export function recordedJob(state: Recorded, id = "web"): { readonly ID: string } & Readonly<Record<string, unknown>> {
  const answer = state.nomad[`GET /v1/job/${id}`];
  const job = typeof answer === "object" && "body" in answer ? answer.body : undefined;
  if (typeof job !== "object" || job === null) throw new Error(`the recording has no job ${id}`);
  return { ...job, ID: id };
}

type Kept = Readonly<Record<string, Reply>>;

/** A stream is kept as its first lines. */
function answersOf(kept: Kept): Answers {
  return Object.fromEntries(
    Object.entries(kept).map(([endpoint, reply]): [string, Answer] => {
      const { lines, ended } = (reply.body ?? {}) as { readonly lines?: readonly unknown[]; readonly ended?: boolean };
      if (!lines) return [endpoint, reply];
      const stream = lines.map((line) => ({ text: `${typeof line === "string" ? line : JSON.stringify(line)}\n` }));
      return [endpoint, { stream, end: ended ? "close" : "open" }];
    }),
  );
}

/** An event stream on which nothing happens: its first heartbeat, and then silence. */
export const QUIET_STREAM: Act = { stream: [{ text: "{}\n" }] };

/** What a server sends along with what it says of its state, and recordings leave out. */
const INDEXES = { "x-nomad-index": "1", "x-consul-index": "1" };

function inSmallLetters(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function isFine(status: number): boolean {
  return status >= 200 && status < 300;
}

async function act(what: Act, response: ServerResponse): Promise<void> {
  if (what === "hang") return;
  if (what === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  if ("stream" in what) return stream(what, response);
  const stalls = "stall" in what;
  const { status = 200, headers = {}, body } = stalls ? what.stall : what;
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, isFine(status) ? { ...INDEXES, ...inSmallLetters(headers) } : headers);
  if (stalls) response.write(text.slice(0, Math.max(1, text.length / 2)));
  else response.end(text);
}

async function stream(what: Extract<Act, { stream: unknown }>, response: ServerResponse): Promise<void> {
  response.writeHead(200).flushHeaders();
  for (const { after = 0, text } of what.stream) {
    if (after > 0) await new Promise((resolve) => setTimeout(resolve, after));
    if (response.destroyed) return;
    response.write(text);
  }
  if (what.end === "close") response.end();
  if (what.end === "reset") response.socket?.resetAndDestroy();
}

function isList(answer: Act | readonly Act[]): answer is readonly Act[] {
  return Array.isArray(answer);
}

function decode(path: string): string {
  return path
    .split("/")
    .map((step) => decodeURIComponent(step))
    .join("/");
}

function bodyOf(chunks: readonly Buffer[]): unknown {
  const text = Buffer.concat(chunks).toString();
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
