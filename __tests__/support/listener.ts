import { createServer as createHttp, request as requestHttp, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttps, type ServerOptions } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";

/** What a server sees of a request: where it came in, what it asks for, and who asks. */
export interface Seen {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
  readonly token: string | undefined;
  /** The name that was asked for over TLS; undefined where none was. */
  readonly serverName: string | undefined;
  /** The common name of the client's certificate. */
  readonly client: string | undefined;
}

/** Where a listener listens, and how. */
export interface ListenerOptions {
  /** The path of a socket. Default: a port of loopback. */
  readonly socket?: string;
  readonly tls?: ServerOptions;
  /** What is answered to a path; undefined: 404. Default: an empty list to everything. */
  readonly answer?: (path: string) => string | undefined;
}

const KIND = { "content-type": "application/json" };
/** Each server sends one along with what it says of its state. */
const INDEXES = { "x-nomad-index": "1", "x-consul-index": "1" };

/** A server in this process that answers requests and WebSockets, and remembers what it saw: real connections, and no cluster. */
export class Listener {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #open = new Set<Duplex>();

  constructor(private readonly options: ListenerOptions = {}) {
    const { tls, answer = () => "[]" } = options;
    this.#server = tls ? createHttps(tls) : createHttp();
    this.#server.on("request", (request: IncomingMessage, response) => {
      this.see(request);
      request.resume();
      const body = answer((request.url ?? "").replace(/\?.*/, ""));
      response.writeHead(body === undefined ? 404 : 200, body === undefined ? KIND : { ...KIND, ...INDEXES }).end(body);
    });
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.see(request);
      this.#sockets.handleUpgrade(request, socket, head, (accepted) => accepted.send('{"exited":true}'));
    });
    this.#server.on("connection", (socket: Socket) => this.keep(socket));
  }

  async open(): Promise<this> {
    const { socket } = this.options;
    await new Promise<void>((resolve) =>
      socket === undefined ? this.#server.listen(0, "127.0.0.1", resolve) : this.#server.listen(socket, resolve),
    );
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  private keep(socket: Duplex): void {
    this.#open.add(socket);
    socket.on("error", () => undefined).once("close", () => this.#open.delete(socket));
  }

  private see({ url = "", headers, socket }: IncomingMessage): void {
    const { pathname, searchParams } = new URL(url, "http://here");
    const tls = "getPeerCertificate" in socket ? (socket as TLSSocket & { servername?: string | false }) : undefined;
    this.seen.push({
      path: pathname,
      query: Object.fromEntries(searchParams),
      host: headers.host,
      authorization: headers.authorization,
      token: [headers["x-nomad-token"], headers["x-consul-token"]].flat().find(Boolean),
      serverName: (tls?.servername || undefined) as string | undefined,
      client: tls?.getPeerCertificate().subject?.CN as string | undefined,
    });
  }
}

/** What a proxy sees: a request with a whole address, or a tunnel, and the credentials that came along. */
export interface Passing {
  readonly kind: "request" | "tunnel";
  readonly target: string;
  readonly authorization: string | undefined;
}

/** A proxy of HTTP in this process, which brings everything to one server, whatever its name was. */
export class ForwardProxy {
  readonly seen: Passing[] = [];
  readonly #server = createHttp();
  readonly #open = new Set<Duplex>();

  constructor(
    private readonly port: () => number,
    private readonly credentials?: string,
  ) {
    this.#server.on("request", (incoming, outgoing) => {
      const { url = "", headers, method } = incoming;
      if (!this.see("request", url.replace(/\?.*/, ""), headers["proxy-authorization"]))
        return outgoing.writeHead(407, { "content-type": "text/html" }).end("<html>credentials</html>");
      const { pathname, search } = new URL(url);
      const { "proxy-authorization": _own, ...others } = headers;
      const onward = { host: "127.0.0.1", port: this.port(), path: pathname + search, method, headers: others };
      return incoming.pipe(
        requestHttp(onward, (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers))),
      );
    });
    this.#server.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!this.see("tunnel", request.url ?? "", request.headers["proxy-authorization"]))
        return socket.end("HTTP/1.1 407 Credentials\r\nContent-Length: 0\r\n\r\n");
      const onward = connect(this.port(), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n");
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      for (const one of [socket, onward]) one.on("error", () => undefined);
      return onward;
    });
    this.#server.on("connection", (socket: Socket) => this.#open.add(socket.on("error", () => undefined)));
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  private see(kind: Passing["kind"], target: string, authorization: string | undefined): boolean {
    this.seen.push({ kind, target, authorization });
    return (
      this.credentials === undefined || authorization === `Basic ${Buffer.from(this.credentials).toString("base64")}`
    );
  }
}
