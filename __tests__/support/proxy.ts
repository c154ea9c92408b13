import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that went through. */
export interface Passed {
  readonly method: string;
  readonly path: string;
}

/** Stands between a command and a server: it counts, it cuts connections, and it answers in the server's place where it is told to. */
export class Proxy {
  readonly passed: Passed[] = [];
  /** Streams of events that were opened until now. */
  streams = 0;
  /** The most of them that were open at once. */
  mostStreams = 0;
  /** Says with which status a request is answered, where it does not go through. */
  answer: (request: Passed) => number | undefined | Promise<undefined> = () => undefined;
  /** Says whether the answer to a request that went through is lost on its way back. */
  loses: (request: Passed) => boolean = () => false;
  readonly #streams = new Set<ServerResponse>();
  readonly #speaking = new WeakSet<ServerResponse>();
  #server: Server | undefined;

  constructor(private readonly target: string) {}

  async open(): Promise<string> {
    const server = createServer((incoming, outgoing) => void this.pass(incoming, outgoing));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Cuts every stream of events that has begun to speak. @returns how many there were */
  cut(): number {
    const speaking = [...this.#streams].filter((stream) => this.#speaking.has(stream));
    for (const stream of speaking) stream.destroy();
    return speaking.length;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  private async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = incoming;
    const said = { method, path: url.replace(/\?.*/, "") };
    this.passed.push(said);
    const status = await this.answer(said);
    if (status !== undefined) {
      incoming.resume();
      outgoing.writeHead(status).end(status === 429 ? "too many requests" : "rpc error: No cluster leader");
      return;
    }
    if (said.path === "/v1/event/stream") {
      this.#streams.add(outgoing);
      this.streams += 1;
      this.mostStreams = Math.max(this.mostStreams, this.#streams.size);
      outgoing.on("close", () => this.#streams.delete(outgoing));
    }
    const onward = request(new URL(url, this.target), { method, headers: incoming.headers }, (answer) => {
      if (this.loses(said)) {
        answer.resume();
        outgoing.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.once("data", () => this.#speaking.add(outgoing));
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }
}
