import type { Dispatcher } from "undici";
import { shortened } from "../errors";
import type { ApiPath } from "./api-path";

type Headers = Dispatcher.ResponseData["headers"];

/** What is known of an answer before anybody reads it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What Nomad and Consul say where something is not there, with 404. A proxy or a load balancer says something else. */
const OWN_WORDS =
  /^(?:(?:job|job versions|job source|eval|alloc|allocation|deployment|node|variable|namespace|volume)s? not found|Config entry not found for )/i;

/**
 * Whether a server itself says that there is no such thing. Both send the index of their state along with it, which nothing in between
 * does: the 404 of a proxy's page, of another server, or of a path that this release does not have is no such answer.
 */
export function isAbsent({ status, headers, text }: RawAnswer, server: string): boolean {
  if (status !== 404) return false;
  return headers[indexHeader(server)] !== undefined || hasOwnWords(text);
}

/** The header in which a server says how new its state is, in small letters. */
export function indexHeader(server: string): string {
  return `x-${server.toLowerCase()}-index`;
}

/** Whether a text is what one of the two servers says where something is not there. */
export function hasOwnWords(text: string): boolean {
  return OWN_WORDS.test(text.trim());
}

/** What is asked of the state that servers have in common. What an agent says of itself, or of its node, has no index. */
const OF_STATE =
  /^\/v1\/(?:jobs?|allocations?|nodes?|deployments?|evaluations?|vars?|services?|kv|catalog\/services|health|config)(?:\/|$)/;

/**
 * What is wrong with an answer about a server's state that has no index of it; undefined where it has one. Both servers send one along with whatever they say of
 * their state, an empty list too: without it, something else answers, and that it has nothing says nothing.
 *
 * @see https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
export function missingIndex({ headers }: RawAnswer, server: string, path: ApiPath): string | undefined {
  const index = headers[indexHeader(server)];
  if (!OF_STATE.test(path.toString()) || (typeof index === "string" && /^\d{1,20}$/.test(index))) return undefined;
  const header = `X-${server}-Index`;
  if (index === undefined) return `it has no ${header}, which ${server} sends along with every answer about its state`;
  return `its ${header} is no whole number, which ${server} counts its state by`;
}

/** What an answer is that neither Nomad nor Consul gives: a page, a redirect to a login; undefined where it may be theirs. */
export function strangerIn({ status, headers, text }: RawAnswer): string | undefined {
  if (status >= 300 && status < 400) return `it leads elsewhere (${status}${placeOf(headers.location)})`;
  if (isPage(headers) || /^\s*<(?:!doctype|html|head|body|\?xml)\b/i.test(text.slice(0, 1000)))
    return `it is a page of HTML (${status}${titleOf(text)})`;
  const encoding = String(headers["content-encoding"] ?? "identity");
  return encoding === "identity" ? undefined : "it is compressed, which nobody asked for";
}

/** Whether the headers say that a page for a browser follows. */
export function isPage(headers: Headers): boolean {
  return /^\s*(?:text\/html|application\/xhtml\+xml)/i.test(String(headers["content-type"] ?? ""));
}

/** Whether bytes can begin an answer in JSON. */
export function mayBeginJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === undefined || '{["-0123456789tfn'.includes(String.fromCharCode(first));
}

/** Where a redirect leads, without what it hands over in the query. */
function placeOf(location: string | string[] | undefined): string {
  const text = Array.isArray(location) ? location[0] : location;
  if (text === undefined) return "";
  try {
    const { origin, pathname } = new URL(text, "http://here");
    return ` to ${(origin === "http://here" ? "" : origin) + shortened(pathname, 200)}`;
  } catch {
    return "";
  }
}

function titleOf(text: string): string {
  const title = /<title[^<>]{0,200}>([^<]{1,200})</i.exec(text.slice(0, 20_000))?.[1]?.trim();
  return title === undefined || title === "" ? "" : `: ${shortened(title.replaceAll(/\s+/g, " "), 80)}`;
}
