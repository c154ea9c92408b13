import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { FRAMES, type ExecuteFrame } from "../protocol";
import { Bodies } from "./body";
import type { Limits } from "./limits";
import { Refused } from "./refused";
import { generationIn, type Routes } from "./routes";

/** What the HTTP side of the server needs. */
export interface HttpOptions {
  readonly limits: Limits;
  /** undefined: none is asked for, and only programs of this machine are answered. */
  readonly token: string | undefined;
  /** Ready when the slots are. */
  readonly routes: Promise<Routes>;
  readonly stopping: () => boolean;
  /** Tells of a failure that is nobody's request's fault. */
  readonly failed: (error: unknown, path: string) => void;
}

/** The largest header of a request, in bytes. */
const HEADER_LIMIT = 16 * 1024;

/** An HTTP server for the sandbox's interface, within limits of connections, sizes and time. */
export function httpServer(options: HttpOptions): Server {
  const { limits } = options;
  const bodies = new Bodies(limits.body, limits.bodies);
  const server = createServer(
    {
      maxHeaderSize: HEADER_LIMIT,
      headersTimeout: Math.min(10, limits.requestTime) * 1000,
      requestTimeout: limits.requestTime * 1000,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 65_000,
    },
    (request, response) => {
      answer(request, response, options, bodies).catch((error: unknown) => {
        options.failed(error, "answering");
        response.destroy();
      });
    },
  );
  server.maxConnections = limits.connections;
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
  bodies: Bodies,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const gone = new AbortController();
  // A client that goes ends what it asked for.
  response.once("close", () => {
    if (!response.writableFinished) gone.abort(new Error("the client went"));
  });
  response.on("error", () => undefined);
  try {
    refuseForeignPages(request, options.token);
    const routes = await options.routes;
    if (request.method === "GET" && path === "/health") return send(response, 200, routes.health(options.stopping()));
    refuseWithoutToken(request, options.token);
    if (options.stopping()) throw new Refused("stopping", "the sandbox server is stopping");
    if (request.method === "GET" && path === "/slots") return send(response, 200, routes.list());
    const route = request.method === "POST" ? routes.posts.get(path) : undefined;
    if (!route) throw new Refused("not-found", `there is no ${String(request.method)} ${path.slice(0, 100)}`);
    const call = { signal: gone.signal, generation: generationIn(request) };
    await bodies.with(request, async (body) => {
      if (path === "/execute" && (request.headers.accept ?? "").includes(FRAMES))
        return stream(routes, body, call, response);
      return send(response, 200, await route(body, call));
    });
  } catch (error) {
    if (gone.signal.aborted) return;
    const refused = error instanceof Refused ? error : new Refused("internal", "the sandbox server failed");
    if (!(error instanceof Refused) || error.code === "internal") options.failed(error, path);
    if (response.headersSent) {
      response.end(`${JSON.stringify({ result: refused.body })}\n`);
      return;
    }
    // The rest of a body that is too large, or that nobody may send, is not read.
    if (!request.complete) response.setHeader("connection", "close");
    if (refused.code === "unauthorized") response.setHeader("www-authenticate", "Bearer");
    if (refused.code === "busy" || refused.code === "stopping") response.setHeader("retry-after", "1");
    send(response, refused.status, refused.body);
  }
}

/** Sends output as it comes, a line of JSON for each piece, no faster than the client takes it. */
async function stream(
  routes: Routes,
  body: unknown,
  call: { readonly signal: AbortSignal; readonly generation: number | undefined },
  response: ServerResponse,
): Promise<void> {
  const write = (frame: ExecuteFrame): Promise<void> | undefined => {
    if (!response.headersSent) response.writeHead(200, { "content-type": FRAMES, "cache-control": "no-store" });
    if (response.write(`${JSON.stringify(frame)}\n`)) return undefined;
    return new Promise((resolve) => {
      response.once("drain", resolve);
      response.once("close", resolve);
    });
  };
  const result = await routes.execute(body, call, (name, chunk) =>
    write({ stream: name, data: chunk.toString("base64") }),
  );
  void write({ result });
  response.end();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json", "content-length": text.length });
  response.end(text);
}

/** @throws Refused without the token; compared in a time that does not depend on where it differs */
function refuseWithoutToken(request: IncomingMessage, token: string | undefined): void {
  if (token === undefined) return;
  const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const hash = (text: string) => createHash("sha256").update(text).digest();
  if (given === "" || !timingSafeEqual(hash(given), hash(token)))
    throw new Refused("unauthorized", "this sandbox server wants a token: Authorization: Bearer …");
}

/**
 * A page in a browser of this machine reaches loopback as well. Where no token keeps it out, whoever has an origin is refused, and whoever calls this
 * server by a name that some DNS server made up.
 */
function refuseForeignPages(request: IncomingMessage, token: string | undefined): void {
  if (token !== undefined) return;
  if (request.headers.origin !== undefined) throw new Refused("unauthorized", "requests of web pages are not answered");
  const host = (request.headers.host ?? "").replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (host !== "" && host !== "localhost" && isIP(host) === 0)
    throw new Refused("unauthorized", "without a token, this server is called by its address or as localhost");
}
