import type { FastifyRequest } from "fastify";
import { SESSION } from "./sessions";

/**
 * The session that a browser sends along, as a cookie which no script reads (HttpOnly) and which goes nowhere from pages of other sites (SameSite). Browsers
 * keep the cookies of a host for all of its ports, so each port has a name of its own.
 *
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie
 */
export function sessionIn(request: Pick<FastifyRequest, "headers">): string | undefined {
  const name = cookieName(request);
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key = "", value = ""] = pair.trim().split("=", 2);
    if (key === name && /^[A-Za-z0-9_-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/** The header that gives a browser a session, or takes it away. */
export function sessionCookie(request: FastifyRequest, session: string | undefined): string {
  // Over HTTPS, as before a proxy, it never goes over anything else.
  const secure = request.headers.origin?.startsWith("https:") ? "; Secure" : "";
  const age = session === undefined ? 0 : SESSION / 1000;
  return `${cookieName(request)}=${session ?? ""}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`;
}

function cookieName({ headers: { host = "" } }: Pick<FastifyRequest, "headers">): string {
  return `cdk-nomad-${/:(\d{1,5})$/.exec(host)?.[1] ?? "session"}`;
}
