import { createServer as createHttp, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** What a client's exec sees of a server: the upgrade's request, and the socket with what was read of it. */
export interface ServedExec {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  /** Says something as the command would. */
  say(frame: object): void;
  /** Ends as the command did. */
  exit(code: number): void;
  /** What the client wrote, decoded. */
  readonly input: string[];
}

/** What a server of Nomad's API does with execs. */
export interface ExecServerOptions {
  /** Called with each session that is accepted. */
  readonly onExec?: (exec: ServedExec) => void;
  /** Refuses an upgrade with a status and a text; undefined: it is accepted. */
  readonly refuse?: (request: IncomingMessage) => { readonly status: number; readonly text: string } | undefined;
  /** Takes connections and never answers an upgrade. */
  readonly isMute?: boolean;
  /** Answers what is no upgrade. Default: true. */
  readonly answersRequests?: boolean;
  /** Answers pings. Default: true. */
  readonly answersPings?: boolean;
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

/** A server that speaks the WebSocket of Nomad's exec over a real connection, for what a real Nomad does at its worst moments only. */
export class ExecServer {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, autoPong: false });
  readonly #upgrades = new Set<Duplex>();
  readonly execs: ServedExec[] = [];

  constructor(private readonly options: ExecServerOptions = {}) {
    const { tls } = options;
    const onRequest: Parameters<typeof createHttp>[1] = (_request, response) => {
      if (options.answersRequests ?? true)
        response.writeHead(404, { "content-type": "text/plain" }).end("alloc not found");
    };
    this.#server = tls ? createHttps({ ...tls }, onRequest) : createHttp(onRequest);
    this.#server.on("upgrade", (request: IncomingMessage, socket, head) => {
      socket.on("error", () => undefined);
      this.#upgrades.add(socket);
      if (options.isMute) return;
      const refused = options.refuse?.(request);
      if (refused) {
        socket.end(
          `HTTP/1.1 ${refused.status} Refused\r\nContent-Length: ${Buffer.byteLength(refused.text)}\r\nConnection: close\r\n\r\n${refused.text}`,
        );
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (accepted) => this.accept(request, accepted));
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#upgrades) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  private accept(request: IncomingMessage, socket: WebSocket): void {
    const input: string[] = [];
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    const exec: ServedExec = {
      request,
      socket,
      input,
      say,
      exit: (code) => say({ exited: true, result: { exit_code: code } }),
    };
    if (this.options.answersPings ?? true) socket.on("ping", (data) => socket.pong(data));
    socket.on("message", (data) => {
      const { stdin } = JSON.parse(String(data as Buffer)) as { stdin?: { data?: string; close?: boolean } };
      if (stdin?.data) input.push(Buffer.from(stdin.data, "base64").toString());
      if (stdin?.close) input.push("<end>");
    });
    this.execs.push(exec);
    this.options.onExec?.(exec);
  }
}

/** A frame of output. */
export function written(stream: "stdout" | "stderr", text: string): object {
  return { [stream]: { data: Buffer.from(text).toString("base64") } };
}
