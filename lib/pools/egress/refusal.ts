import type { AddressKind } from "./addresses";
import type { Place } from "./allowed";
import { shellQuoted } from "../../text";

/** Why something is not opened: a status of HTTP, and words for the person in front of the browser. */
export interface Refusal {
  readonly status: 400 | 403 | 502 | 504;
  readonly text: string;
}

const WHY: Readonly<Record<AddressKind, string>> = {
  public: "that port is not opened",
  loopback: "that is the machine that runs this browser",
  own: "that is the machine that runs this browser",
  "link-local": "that address is of one link alone",
  private: "that is an address of a private network",
  reserved: "that is no address of the internet",
};

/** What only the very address may be allowed for: no name and no network leads there. */
const NEVER_BY_NAME = new Set<AddressKind>(["loopback", "own", "link-local"]);

/** What is said where a place is not allowed. */
export function refusedPlace({ host, port }: Place, why: AddressKind): Refusal {
  const said = `${host} at port ${port} is not opened from a browser session: ${WHY[why]}.`;
  const entry = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const way = `Public addresses are, at the ports 80 and 443. Whoever runs the sessions may allow more: cdk-nomad serve --browser-allow ${shellQuoted(entry)}`;
  return { status: 403, text: NEVER_BY_NAME.has(why) ? said : `${said} ${way}` };
}

export const unknownPlace = ({ host }: Place): Refusal => ({ status: 502, text: `${host} was not found.` });

export const silentPlace = ({ host, port }: Place): Refusal => ({
  status: 504,
  text: `${host} does not answer at port ${port}.`,
});

export const NO_REQUEST: Refusal = {
  status: 400,
  text: "This is a proxy for HTTP: it takes CONNECT <host>:<port>, and requests with a whole address that begins with http://.",
};

/** A page that says it. */
export function pageOf({ text }: Refusal): string {
  const shown = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html><meta charset="utf-8"><title>Not opened</title><body style="font-family:sans-serif;margin:4em"><h1>Not opened</h1><p>${shown}</p>\n`;
}
