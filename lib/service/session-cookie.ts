import type { FastifyRequest } from "fastify";
import { SESSION } from "./sessions";

/**
 * The session that a browser sends along, as a cookie which no script reads (HttpOnly) and which goes nowhere from pages of other sites (SameSite). Browsers
 * keep the cookies of a host for all of its ports, so each port has a name of its own.
 *
 * @returns undefined where there is none, and where there are several
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie
 */
export function sessionIn(request: Pick<FastifyRequest, "headers">): string | undefined {
  const [session, ...others] = sessionsIn(request);
  return others.length === 0 ? session : undefined;
}

/**
 * Whether a browser sends several sessions along. Whoever serves another port of this host may set a cookie of that name for a path of its own, and which of them was set by whom nobody can
 * tell: a person must not be moved into a stranger's session.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-8.5
 */
export function hasSeveralSessions(request: Pick<FastifyRequest, "headers">): boolean {
  return sessionsIn(request).length > 1;
}

function sessionsIn(request: Pick<FastifyRequest, "headers">): readonly string[] {
  const name = cookieName(request);
  const found = (request.headers.cookie ?? "").split(";").flatMap((pair) => {
    const [key = "", value = ""] = pair.trim().split("=", 2);
    return key === name && /^[A-Za-z0-9_-]{43}$/.test(value) ? [value] : [];
  });
  return [...new Set(found)];
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
