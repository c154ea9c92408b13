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

/** So many cookies are taken away at once: what answers a browser stands in the buffers of proxies too. */
const MOST_TAKEN = 40;

/**
 * Headers that take away whatever a browser sends as a session along with the service's own: cookies of a longer path, of the domain above, and without a name, as whoever serves another port
 * of this host may set them. What the service itself sets, for all paths of this very host, stays.
 *
 * A browser says neither path nor domain of a cookie. Those that it sends with a request are of a path that the request's begins with, and of its host or a domain above that, so all of
 * these are named.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.4
 */
export function strayCookiesTaken(request: Pick<FastifyRequest, "headers" | "url">): readonly string[] {
  const name = cookieName(request);
  const domains = [undefined, ...domainsOf(request)];
  const all = domains.flatMap((domain) =>
    pathsOf(request.url).flatMap((path) =>
      // A cookie without a name is sent as its value alone, which may look like a pair.
      [`${name}=`, "=taken"].flatMap((pair) =>
        pair !== "=taken" && path === "/" && domain === undefined
          ? []
          : [`${pair}; Path=${path}${domain === undefined ? "" : `; Domain=${domain}`}; Max-Age=0`],
      ),
    ),
  );
  return all.slice(0, MOST_TAKEN);
}

/** The paths of cookies that go along with a request. */
function pathsOf(url: string): readonly string[] {
  const steps = (url.split(/[?#;]/, 1)[0] ?? "").split("/").slice(1);
  const paths = steps.flatMap((_, index) => {
    const path = `/${steps.slice(0, index).join("/")}`;
    return index === 0 ? [path] : [path, `${path}/`];
  });
  return [...paths, `/${steps.join("/")}`].filter((path) => /^[!-~]+$/.test(path));
}

/** The domains above a host, which is itself one of them; an address has none. */
function domainsOf({ headers: { host = "" } }: Pick<FastifyRequest, "headers">): readonly string[] {
  const labels = host
    .replace(/:\d{1,5}$/, "")
    .toLowerCase()
    .split(".");
  if (!labels.every((label) => /^[a-z0-9-]+$/.test(label)) || /^\d+$/.test(labels.at(-1) ?? "")) return [];
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
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
