import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobJson } from "../../lib/nomad";
import type { Json } from "./agents";
import { normalise } from "./normalise";

/** What was answered to one request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const HEADERS = ["x-nomad-index", "x-nomad-knownleader", "x-consul-index", "retry-after"];
export const FOLDER = join(__dirname, "../../__tests__/fixtures/servers");

/** The answers of one server while it is asked. */
export class Server {
  constructor(
    readonly address: string,
    private readonly token?: string,
  ) {}

  /** Asks. @throws where the answer is not the status that is expected */
  async ask(method: string, path: string, body?: unknown, expected?: number): Promise<Answer> {
    const response = await fetch(new URL(path, this.address), {
      method,
      headers: this.token === undefined ? {} : { "X-Nomad-Token": this.token, "X-Consul-Token": this.token },
      body: body === undefined || typeof body === "string" ? (body as string | undefined) : JSON.stringify(body),
    });
    const text = await response.text();
    if (expected !== undefined && response.status !== expected)
      throw new Error(`${method} ${path}: ${response.status} ${text.trim()}`);
    const headers = Object.fromEntries(
      HEADERS.flatMap((name) => (response.headers.has(name) ? [[name, response.headers.get(name) ?? ""]] : [])),
    );
    return {
      status: response.status,
      ...(Object.keys(headers).length > 0 ? { headers } : {}),
      body: parse(text),
    };
  }

  /** The first lines of a stream, and whether it ended after them. */
  async streamed(path: string, lines: number): Promise<Answer> {
    const enough = new AbortController();
    const response = await fetch(new URL(path, this.address), {
      headers: this.token === undefined ? {} : { "X-Nomad-Token": this.token },
      signal: enough.signal,
    });
    let text = "";
    let ended = true;
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      ended = text.split("\n").length <= lines;
      if (response.status === 200 && !ended) break;
    }
    enough.abort();
    if (response.status !== 200) return { status: response.status, body: parse(text) };
    const said = text.split("\n").filter((line) => line !== "");
    return { status: 200, body: { lines: said.slice(0, lines).map(parse), ended } };
  }

  /** The same, for what is needed and not recorded. */
  async read<T = Json>(path: string): Promise<T> {
    return (await this.ask("GET", path, undefined, 200)).body as T;
  }

  async put<T = Json>(path: string, body?: unknown): Promise<T> {
    return (await this.ask("PUT", path, body, 200)).body as T;
  }

  /** Waits until it answers at all. */
  async listens(limit = 30_000): Promise<void> {
    for (const end = Date.now() + limit; ; await sleep(150)) {
      const answer = await this.ask("GET", "/v1/status/leader").catch(() => undefined);
      if (answer) return;
      if (Date.now() > end) throw new Error(`nobody listens at ${this.address}`);
    }
  }

  /** Waits until the JSON that a path answers is as it shall be. */
  async until<T>(what: string, path: string, holds: (answer: T) => boolean, limit = 90_000): Promise<T> {
    for (const end = Date.now() + limit; ; await sleep(150)) {
      const answer = await this.ask("GET", path).catch(() => undefined);
      if (answer?.status === 200 && holds(answer.body as T)) return answer.body as T;
      if (Date.now() > end) throw new Error(`${what} did not happen: ${JSON.stringify(answer?.body).slice(0, 2000)}`);
    }
  }
}

/** One state of a cluster: what was answered while it lasted, kept in a file. */
export class Recording {
  readonly #answers: { nomad: Record<string, Answer>; consul: Record<string, Answer> } = { nomad: {}, consul: {} };

  constructor(
    readonly name: string,
    /** What the state is, in a sentence. */
    readonly about: string,
    private readonly dataFolder: string,
  ) {}

  /** Asks, and keeps the answer. */
  async take(
    server: Server,
    method: string,
    path: string,
    body?: unknown,
    of: "nomad" | "consul" = "nomad",
  ): Promise<Answer> {
    const answer = await server.ask(method, path, body);
    this.#answers[of][`${method} ${decodeURI(path)}`] = answer;
    return answer;
  }

  /** Keeps an answer under the request that brought it about. */
  keep(endpoint: string, answer: Answer, of: "nomad" | "consul" = "nomad"): void {
    this.#answers[of][endpoint] = answer;
  }

  /** Everything that a client asks about one job. */
  async takeJob(server: Server, id: string, planned?: JobJson): Promise<void> {
    const base = `/v1/job/${encodeURIComponent(id)}`;
    await this.take(server, "GET", base);
    await this.take(server, "GET", `${base}/summary`);
    await this.take(server, "GET", `${base}/versions?diffs=true`);
    await this.take(server, "GET", `${base}/submission?version=0`);
    await this.take(server, "GET", `${base}/allocations`);
    const evaluations = await this.take(server, "GET", `${base}/evaluations`);
    const deployments = await this.take(server, "GET", `${base}/deployments`);
    for (const { ID } of list(deployments)) {
      await this.take(server, "GET", `/v1/deployment/${ID}`);
      await this.take(server, "GET", `/v1/deployment/allocations/${ID}`);
    }
    for (const { ID } of list(evaluations)) await this.take(server, "GET", `/v1/evaluation/${ID}`);
    if (planned) await this.take(server, "POST", `${base}/plan`, { Job: planned, Diff: true });
  }

  /** Every node, with what it has and what runs there. */
  async takeNodes(server: Server): Promise<void> {
    for (const { ID } of list(await this.take(server, "GET", "/v1/nodes"))) {
      await this.take(server, "GET", `/v1/node/${ID}`);
      await this.take(server, "GET", `/v1/node/${ID}/allocations`);
    }
  }

  /** Writes it: an answer on each line. */
  write(): void {
    const { nomad, consul } = normalise(this.#answers, this.dataFolder) as Record<"nomad" | "consul", Json>;
    const lines = (answers: Json) =>
      Object.entries(answers)
        .map(([endpoint, answer]) => `    ${JSON.stringify(endpoint)}: ${JSON.stringify(answer)}`)
        .join(",\n");
    const text = `{\n  "about": ${JSON.stringify(this.about)},\n  "nomad": {\n${lines(nomad)}\n  },\n  "consul": {\n${lines(consul)}\n  }\n}\n`;
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(join(FOLDER, `${this.name}.json`), text);
    console.log(
      `${this.name}: ${Object.keys(nomad).length + Object.keys(consul).length} answers, ${text.length} bytes`,
    );
  }
}

function list(answer: Answer): readonly { readonly ID: string }[] {
  return Array.isArray(answer.body) ? (answer.body as { ID: string }[]) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
