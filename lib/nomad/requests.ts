import { readFileSync } from "node:fs";
import { UserError } from "../jobspec";
import type { ApiPath } from "./api-path";
import type { Connection, RequestOptions } from "./connection";

/** The headers that every request of a connection has: who asks, and what a proxy in front of the API wants to know. */
export function headersOf({ token, basicAuth }: Connection): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (token) headers[token.header] = token.value;
  if (basicAuth) {
    const credentials = Buffer.from(`${basicAuth.user}:${basicAuth.password}`).toString("base64");
    headers.Authorization = `Basic ${credentials}`;
  }
  return headers;
}

/** Where a request goes: below the path that the address has, with what the connection asks of every request. */
export function urlOf(connection: Connection, path: ApiPath, query: RequestOptions["query"]): URL {
  const url = new URL(connection.address);
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

/**
 * What a connection's TLS is made of.
 *
 * @throws UserError where a file cannot be read
 */
export function tlsOptionsOf({ tls }: Connection) {
  const files = tls && { ca: fileOf(tls.ca), cert: fileOf(tls.cert), key: fileOf(tls.key) };
  return { ...files, rejectUnauthorized: tls?.skipVerify !== true };
}

function fileOf(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw UserError.at(
      path,
      `cannot be read (${(error as NodeJS.ErrnoException).code}); write the path of a PEM file`,
      "tls",
    );
  }
}
