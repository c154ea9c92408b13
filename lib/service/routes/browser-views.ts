import websocket from "@fastify/websocket";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { setTimeout as sleep } from "node:timers/promises";
import { LeaseEndedError, type BrowserSession } from "../../pools";
import { noteAudit } from "../audit";
import type { Viewer } from "../authorize";
import { PAGE, PAGE_FILES, PAGE_HEADERS, pageFile, pageFiles } from "../browser-page";
import { HttpProblem } from "../problem";
import { route } from "../route";
import * as schemas from "../schemas";
import { forwardScreen, SESSION_ENDED } from "../screen-proxy";
import { fewAtOnce } from "../service-parts";
import { Tickets } from "../tickets";
import { ownSession, unknownSession, type BrowserParts } from "./browser-parts";

/** Screens that are looked at here at once: each holds one of the forty sessions that a client of Nomad has open. */
const SCREENS = 20;
/** The largest message of a person's browser, in bytes: keys, pointers, what they paste. */
const MESSAGE = 1024 * 1024;
/** How often it is checked whether whoever looks at a screen still may, in milliseconds. */
const RECHECK_INTERVAL = 5000;
/** How long it may take until it is known why a screen has ended, in milliseconds. */
const REASON_TIMEOUT = 10_000;
/** How often the cluster is asked for that reason, in milliseconds. */
const REASON_INTERVAL = 300;
const TICKET = /^ticket\.([A-Za-z0-9_-]{20,100})$/;

declare module "fastify" {
  interface FastifyRequest {
    /** The session whose ticket was taken, on the way to its screen, and who had it. */
    viewed?: { readonly session: BrowserSession; readonly viewer: Viewer };
  }
  interface FastifyContextConfig {
    /** Whether a connection becomes a WebSocket there. Default: it does not. */
    readonly upgrades?: true;
  }
}

/** The page that shows a session's screen, and the WebSocket behind it; both for whoever has a ticket. */
export async function browserViewRoutes(app: FastifyInstance, parts: BrowserParts): Promise<void> {
  const tickets = new Tickets<Viewer>(parts.now);
  await openWebSockets(app);
  app.decorateRequest("viewed", undefined);
  giveBrowserTicket(app, parts, tickets);
  servePage(app);
  serveScreen(app, parts, tickets);
}

/** Lets the routes that say so open WebSockets. */
async function openWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: MESSAGE,
      // The ticket is no protocol, and is not said again.
      handleProtocols: (offered: Set<string>) => (offered.has("binary") ? "binary" : false),
    },
  });
  // The plugin would open one on every route, for everybody on a public one, and log the path as it was sent.
  app.addHook("onRequest", async (request) => {
    if (request.ws && !request.routeOptions.config.upgrades)
      throw new HttpProblem(
        "bad-request",
        "no WebSocket is opened here: the screen of a browser session has one alone",
      );
  });
}

function giveBrowserTicket(app: FastifyInstance, { browsers, viewerOf }: BrowserParts, tickets: Tickets<Viewer>): void {
  route(app, {
    method: "POST",
    url: "/api/browser-sessions/:session/tickets",
    id: "giveBrowserTicket",
    summary: "Gives a ticket to look at a browser session, good once and for thirty seconds",
    description: "The address of the page holds it behind a #, which browsers send to no server.",
    scope: "claim",
    params: schemas.sessionParams,
    answer: schemas.browserTicket,
    answerExample: { ticket: "q5Zc…", page: "/browser/7-3#q5Zc…", lifetime: 30_000 },
    status: 201,
    problems: ["session-unknown"],
    handle: async ({ params, request }) => {
      const { id, lease } = await ownSession(browsers, request, params.session);
      noteAudit(request, id, lease.owner);
      const given = tickets.give(id, viewerOf(request));
      return { ...given, page: `/browser/${id}#${given.ticket}` };
    },
  });
}

/** The page and its files, for everybody: they hold nothing of a session. */
function servePage(app: FastifyInstance): void {
  const files = pageFiles();
  const hidden = { config: { scope: "public", page: "shown" }, schema: { hide: true } } as const;
  app.get("/browser/:session", hidden, async (_request, reply) =>
    reply.headers(PAGE_HEADERS).type("text/html; charset=utf-8").send(PAGE),
  );
  app.get<{ Params: { "*": string } }>(`${PAGE_FILES}/*`, hidden, async ({ params }, reply) => {
    const file = pageFile(files, params["*"]);
    if (!file) throw new HttpProblem("not-found", "the page has no such file");
    return reply.headers(PAGE_HEADERS).type(file.type).send(file.body);
  });
}

/** The screen of a session, for whoever has a ticket of it. */
function serveScreen(app: FastifyInstance, parts: BrowserParts, tickets: Tickets<Viewer>): void {
  const { browsers, stillMay } = parts;
  const screens = fewAtOnce(SCREENS);
  app.get<{ Params: { session: string } }>(
    "/api/browser-sessions/:session/screen",
    {
      // A page of another site may open a WebSocket anywhere: whose page it is, and by which name the service is asked, is looked at.
      config: { scope: "public", page: "asked", upgrades: true },
      schema: { hide: true },
      websocket: true,
      preValidation: async (request) => {
        const { session } = request.params;
        // Whatever else is wrong, a ticket that was shown is used.
        const viewer = tickets.take(ticketOf(request), session);
        if (!viewer)
          throw new HttpProblem(
            "ticket-refused",
            "it is not known, was used, or is older than thirty seconds; ask for another",
          );
        await stillMay(viewer, "claim");
        const found = await browsers.find(session);
        if (!found) throw unknownSession();
        request.viewed = { session: found, viewer };
      },
    },
    async (socket, request) => {
      if (!request.viewed) return socket.terminate();
      try {
        const leave = screens.enter(() => new Error("too many"));
        try {
          await showScreen(socket, parts, { ...request.viewed, requestId: request.id });
        } finally {
          leave();
        }
      } catch (error) {
        request.log.warn({ err: error }, "a screen was not reached");
        socket.close(1013, "the screen cannot be reached just now");
      }
    },
  );
}

/** Carries a screen to whoever looks at it until one of both ends; the audit log has a line for the beginning and one for the end. */
async function showScreen(
  socket: Parameters<typeof forwardScreen>[0],
  parts: BrowserParts,
  { session, viewer, requestId }: NonNullable<FastifyRequest["viewed"]> & { readonly requestId: string },
): Promise<void> {
  const { browsers, audit, stillMay } = parts;
  const about = { caller: viewer.caller, to: session.id, forOwner: session.lease.owner, request: requestId };
  await browsers.renew(session);
  const screen = await browsers.screen(session);
  audit({ ...about, audit: "viewBrowserScreen", status: 101 });
  await forwardScreen(socket, screen, {
    renew: () => browsers.renew(session),
    renewInterval: session.lease.ttl / 3,
    mayLook: () => stillMay(viewer, "claim"),
    recheckInterval: RECHECK_INTERVAL,
    whyEnded: () => whyEnded(parts, session),
  });
  audit({ ...about, audit: "leaveBrowserScreen", status: 200 });
}

/** Why a screen has ended: the cluster may know a moment later than the screen what became of its machine. */
async function whyEnded({ browsers, now }: BrowserParts, session: BrowserSession): Promise<string> {
  for (const end = now() + REASON_TIMEOUT; ; await sleep(REASON_INTERVAL)) {
    try {
      if (!(await browsers.find(session.id))) return SESSION_ENDED;
      await browsers.state(session);
      return "the connection to the screen was lost; ask for a new link";
    } catch (error) {
      if (error instanceof LeaseEndedError) return "the machine of the session has ended";
      if (now() > end) return "the screen does not answer; ask for a new link";
    }
  }
}

function ticketOf({ headers }: FastifyRequest): string {
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  return offered.map((each) => TICKET.exec(each)?.[1]).find((ticket) => ticket !== undefined) ?? "";
}
