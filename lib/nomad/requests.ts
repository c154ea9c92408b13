import type { ApiPath } from "./api-path";
import { basicHeader, socketOf, type Connection, type RequestOptions } from "./connection";

/** The headers that every request of a connection has: who asks, and what a proxy in front of the API wants to know. */
export function headersOf({ token, basicAuth }: Connection): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (token) headers[token.header] = token.value;
  if (basicAuth) headers.Authorization = basicHeader(basicAuth);
  return headers;
}

/** Where a request goes: below the path that the address has, with what the connection asks of every request. */
export function urlOf(connection: Connection, path: ApiPath, query: RequestOptions["query"]): URL {
  // Over a socket the host is a formality, and the one that both commands send.
  const url = new URL(socketOf(connection.address) === undefined ? connection.address : "http://127.0.0.1");
  const whole = `${url.pathname.replace(/\/+$/, "")}${path.toString()}`;
  url.pathname = whole;
  // What was put into a path is encoded; a path that comes out otherwise would ask for something else.
  if (url.pathname !== whole) throw new Error(`the path ${whole} would be sent as ${url.pathname}`);
  for (const [key, value] of Object.entries({ ...connection.query, ...query })) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) url.searchParams.append(key, one);
    else if (value !== undefined) url.searchParams.set(key, String(value));
  }
  return url;
}
