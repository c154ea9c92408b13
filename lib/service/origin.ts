import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { HttpProblem } from "./problem";

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Whether a request was sent to this machine by one of its own names. */
export function isToLoopback({ headers }: Pick<FastifyRequest, "headers">): boolean {
  return LOOPBACK.test(headers.host ?? "");
}

/**
 * Refuses what a page of another site has a browser send. Programs send no Origin, and are not concerned.
 *
 * @throws HttpProblem where the page that asks is not of the very host that is asked
 */
export function refuseForeignOrigin({ headers }: FastifyRequest): void {
  const { origin, host = "" } = headers;
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === hostOf(host)))
    throw new HttpProblem(
      "foreign-origin",
      "a page of another address asked; the service answers to its own page only",
    );
  // A browser says it also where it sends no Origin; what a person typed or followed from nowhere is `none`.
  const site = headers["sec-fetch-site"];
  if (site === "cross-site" || site === "same-site")
    throw new HttpProblem(
      "foreign-origin",
      "a page of another address asked; the service answers to its own page only",
    );
}

/**
 * Refuses what is sent to a name that is not this service's: a page of the internet, whose name was made to lead here, is asked for by that name.
 * An address is no name, and leads nowhere else.
 *
 * @param names by which people reach the service beside this machine's own, such as that of a proxy before it
 * @throws HttpProblem
 */
export function refuseForeignHost({ headers }: FastifyRequest, names: readonly string[]): void {
  const name = hostNameOf(headers.host ?? "");
  if (name === "localhost" || isIP(name.replace(/^\[|\]$/g, "")) !== 0 || names.includes(name)) return;
  throw new HttpProblem(
    "foreign-host",
    "the page is asked for by a name that is not the service's; write the name into --name, or use the address",
  );
}

function hostOf(host: string): string {
  return addressOf(host)?.host ?? "";
}

function hostNameOf(host: string): string {
  return addressOf(host)?.hostname.toLowerCase() ?? "";
}

/** What a Host header names; undefined where it is more than a name and a port, such as with a user or a path, which another reader may take for something else. */
function addressOf(host: string): URL | undefined {
  return /[\s/\\?#@]/.test(host) || !URL.canParse(`http://${host}`) ? undefined : new URL(`http://${host}`);
}
