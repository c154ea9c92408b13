import { setMaxListeners } from "node:events";
import { WebSocket } from "ws";
import type { ApiPath } from "./api-path";
import { textOf } from "./body";
import type { RequestOptions } from "./connection";
import { SilenceError } from "./failure";
import type { Http } from "./http";
import { headersOf, urlOf } from "./requests";

/** A refusal is a line of text; a proxy may send a page. */
const LARGEST_REFUSAL = 1024 * 1024;
/** Nomad sends a few KB in a message. */
const LARGEST_MESSAGE = 4 * 1024 * 1024;

/**
 * Opens a WebSocket at an API, with the connection's token, TLS, region and namespace.
 *
 * @param accept takes it over in the very moment that it is open: what the server sends with its consent would be lost a moment later
 * @throws ApiError, UserError where the server refuses, NoAnswerError where it does not answer; the signal's reason where it is aborted
 */
export async function openWebSocket<T>(
  http: Http,
  path: ApiPath,
  { query, signal }: Pick<RequestOptions, "query" | "signal">,
  accept: (socket: WebSocket) => T,
): Promise<T> {
  signal?.throwIfAborted();
  if (signal) setMaxListeners(0, signal);
  const url = urlOf(http.connection, path, query);
  const options = await http.webSocketOptions(url, signal).catch((error: unknown) => {
    throw http.failure(error, "GET", path, { signal });
  });
  signal?.throwIfAborted();
  const socket = new WebSocket(url, {
    ...options,
    headers: headersOf(http.connection),
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE,
    // What is in a message is read through a schema, and decoded where it is text.
    skipUTF8Validation: true,
  });
  let silence: NodeJS.Timeout | undefined;
  const cancel = () => socket.terminate();
  const forget = http.sessions.opened(cancel);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await new Promise<T>((resolve, reject) => {
      const fail = (error: unknown) => reject(http.failure(error, "GET", path, { signal }) as Error);
      silence = setTimeout(() => {
        fail(new SilenceError());
        socket.terminate();
      }, http.silence);
      socket.once("open", () => {
        http.answered();
        resolve(accept(socket));
      });
      socket.on("error", fail);
      socket.once("unexpected-response", (request, response) => {
        http.answered();
        textOf(response, LARGEST_REFUSAL)
          .then((text) => http.explained(http.refusal({ status: response.statusCode ?? 0, text }, "GET", path)))
          .then(reject, fail)
          .finally(() => request.destroy());
      });
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(silence);
    forget();
    signal?.removeEventListener("abort", cancel);
  }
}
