import {
  createServer,
  request as requestTo,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import type { Address, AddressKind } from "./addresses";
import type { Place } from "./allowed";
import { judge, type JudgeOptions } from "./judge";
import { NO_REQUEST, pageOf, refusedPlace, silentPlace, unknownPlace, type Refusal } from "./refusal";

/** What an egress proxy is made of. */
export interface EgressOptions extends JudgeOptions {
  /** Told of what was refused, without names: where somebody wanted to go is theirs. */
  readonly onRefusal?: (why: AddressKind, port: number) => void;
  /** How long a server may take to take a connection, in milliseconds. Default: 15,000. */
  readonly patience?: number;
}

const PATIENCE = 15_000;
/** How long a connection may be silent, in milliseconds. */
const SILENCE = 300_000;
/** How many connections a guest may have at once: each is a process of its node. */
const MOST = 128;
/** Headers that are between two neighbours, and go no further. */
const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;

/** A proxy for the browser of one machine: it opens what it may, by CONNECT and by requests with a whole address, and nothing else is reached through it. */
export function egressProxy(options: EgressOptions): Server {
  const server = createServer((request, response) => void forward(request, response, options));
  server.maxConnections = MOST;
  server.on(
    "connect",
    (request: IncomingMessage, guest: Duplex, head: Buffer) => void tunnel(request, guest, head, options),
  );
  server.on("clientError", (_error, guest) => guest.destroy());
  return server;
}

/** Carries bytes between a guest and what it names: TLS, as a rule. */
async function tunnel(request: IncomingMessage, guest: Duplex, head: Buffer, options: EgressOptions): Promise<void> {
  guest.on("error", () => guest.destroy());
  const refuse = (refusal: Refusal) => {
    const page = pageOf(refusal);
    const head_ = `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(page)}\r\nconnection: close`;
    guest.end(`${head_}\r\n\r\n${page}`);
  };
  const place = placeOfAuthority(request.url ?? "");
  if (!place) return refuse(NO_REQUEST);
  const reached = await reach(place, options);
  if ("status" in reached) return refuse(reached);
  if (guest.destroyed) return void reached.destroy();
  guest.write("HTTP/1.1 200 Connection established\r\n\r\n");
  reached.write(head);
  pipeline(guest, reached, guest, () => {
    guest.destroy();
    reached.destroy();
  });
}

/** Asks for a guest what it asks for, and answers what comes. */
async function forward(request: IncomingMessage, response: ServerResponse, options: EgressOptions): Promise<void> {
  const refuse = (refusal: Refusal) => {
    if (response.headersSent) return void response.destroy();
    // What of its body was not read would be taken for the next request.
    response.writeHead(refusal.status, { "content-type": "text/html; charset=utf-8", connection: "close" });
    response.end(pageOf(refusal));
  };
  response.on("error", () => response.destroy());
  const target = targetOf(request.url ?? "");
  if (!target) return refuse(NO_REQUEST);
  const place = { host: bare(target.hostname), port: Number(target.port || 80) };
  const reached = await reach(place, options);
  if ("status" in reached) return refuse(reached);
  if (response.destroyed) return void reached.destroy();
  const asked = requestTo({
    createConnection: () => reached,
    method: request.method,
    path: `${target.pathname}${target.search}`,
    headers: { ...onward(request.headers), host: target.host, connection: "close" },
    setHost: false,
  });
  asked.on("response", (answer) => {
    // One request for each connection: a kept one would be closed while a person types, and a form sent over it would be lost.
    response.writeHead(answer.statusCode ?? 502, { ...onward(answer.headers), connection: "close" });
    pipeline(answer, response, () => reached.destroy());
  });
  // Nothing that is no answer of HTTP goes on: a server that changes the protocol has none for a page.
  asked.on("upgrade", () => reached.destroy());
  asked.on("error", () => refuse(silentPlace(place)));
  asked.on("close", () => reached.destroy());
  response.on("close", () => reached.destroy());
  pipeline(request, asked, () => undefined);
}

/** A connection to a place, where it may be had. */
async function reach(place: Place, options: EgressOptions): Promise<Socket | Refusal> {
  const verdict = await judge(place, options);
  if (verdict.kind === "unknown") return unknownPlace(place);
  if (verdict.kind === "refused") {
    options.onRefusal?.(verdict.why, place.port);
    return refusedPlace(place, verdict.why);
  }
  return connected(verdict.addresses, place, options.patience ?? PATIENCE);
}

/** Connects to one of some addresses, as browsers do: the next one has its turn where one does not answer soon. */
async function connected(addresses: readonly Address[], place: Place, patience: number): Promise<Socket | Refusal> {
  return new Promise((resolve) => {
    const socket = connect({
      // A name that no resolver knows: these addresses and no others are connected to.
      host: "judged.invalid",
      lookup: (_name, { all }, found) => {
        const [first] = addresses;
        if (all) found(null, [...addresses]);
        else found(null, first?.address ?? "", first?.family);
      },
      port: place.port,
      autoSelectFamily: true,
    });
    const timer = setTimeout(() => socket.destroy(new Error("it does not answer")), patience);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.setTimeout(SILENCE, () => socket.destroy());
      resolve(socket);
    });
    socket.on("error", () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(silentPlace(place));
    });
  });
}

/** The address of a request to a proxy. */
function targetOf(text: string): URL | undefined {
  const url = /^http:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  return url?.hostname === "" ? undefined : url;
}

/** What CONNECT names. Addresses come in many spellings, such as 0x7f.1, which those of the web make one. */
function placeOfAuthority(text: string): Place | undefined {
  const [, host = "", port] = /^(\[[\da-f:.]+\]|[^\s/@:[\]?#\\]+):(\d{1,5})$/i.exec(text) ?? [];
  const address = `http://${host}/`;
  const number = Number(port);
  if (host === "" || number < 1 || number > 65_535 || !URL.canParse(address)) return undefined;
  return { host: bare(new URL(address).hostname), port: number };
}

/** A host of an address of the web, without the brackets of IPv6. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function onward(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name) && !named.includes(name)),
  );
}
