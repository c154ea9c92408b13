import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** So many connections there are at once: far more than serve anybody, and fewer than a process may have open. */
const CONNECTIONS = 10_000;
/** So many requests of one connection may wait for their answers. Programs and browsers send the next one once they have an answer. */
const WAITING = 16;

/** Bounds what connections take here, whoever opens them: how many there are, and what one that reads no answer may ask for. */
export class Connections {
  readonly #waiting = new WeakMap<Socket, number>();

  constructor(server: Server) {
    server.maxConnections = CONNECTIONS;
  }

  /**
   * Takes a request, or ends its connection, where too many wait on it already: a reader of HTTP hands out all that came in one piece, which may be thousands, before anybody reads an answer.
   *
   * @returns whether it is to be answered
   */
  takes({ socket }: IncomingMessage, response: ServerResponse): boolean {
    if (socket.destroyed) return false;
    const waiting = (this.#waiting.get(socket) ?? 0) + 1;
    if (waiting > WAITING) {
      socket.destroy();
      return false;
    }
    this.#waiting.set(socket, waiting);
    response.once("close", () => this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1));
    return true;
  }
}
