import type { FastifyInstance } from "fastify";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserSession } from "../../pools";
import { noteAudit } from "../audit";
import { actingFor, callerFrom, shownTo } from "../authorize";
import { goneSignal, whenGone } from "../gone";
import { OpenedSessions } from "../opened-sessions";
import { HttpProblem } from "../problem";
import { route } from "../route";
import * as schemas from "../schemas";
import { ownSession, shownSession, type BrowserParts } from "./browser-parts";

const EXAMPLE = { id: "7-3", owner: "user-42", provider: "google", address: "192.168.100.7", ttl: 600_000 } as const;
/** How often a browser is asked whether a login has handed something over, in milliseconds. */
const CREDENTIALS_INTERVAL = 500;

/** Browsers in machines of their own, opened, asked and ended one by one. */
export function browserSessionRoutes(app: FastifyInstance, parts: BrowserParts): void {
  const { browsers, sessionsOfOwner } = parts;
  const counted = new OpenedSessions(sessionsOfOwner, async (owner) => browsers.placesOf(owner));
  openBrowserSession(app, parts, counted);
  listBrowserSessions(app, parts);
  getBrowserSession(app, parts);
  renewBrowserSession(app, parts);
  takeBrowserCredentials(app, parts);
  endBrowserSession(app, parts);
}

function openBrowserSession(
  app: FastifyInstance,
  { browsers, inBackground }: BrowserParts,
  counted: OpenedSessions,
): void {
  route(app, {
    method: "POST",
    url: "/api/browser-sessions",
    id: "openBrowserSession",
    summary: "Opens a browser in a machine of its own, at a page",
    description:
      "It answers once the browser has the page. The session stands for its ttl from the last call that presents it, and while somebody looks at it. " +
      "A login that ends at http://127.0.0.1:8976/callback hands its query over, which GET /api/browser-sessions/:id/credentials answers.",
    scope: "claim",
    body: schemas.browserRequest,
    example: { userId: "user-42", provider: "google", url: "https://accounts.example/login" },
    answer: schemas.browserSession,
    answerExample: EXAMPLE,
    status: 201,
    problems: ["other-owner", "pool-busy", "too-many-sessions", "place-lost"],
    handle: async ({ body, request, reply }) => {
      const owner = actingFor(callerFrom(request), body.userId);
      const gone = goneSignal(reply.raw);
      const { provider, url, ttl: standing, wait, startTimeout } = body;
      const asked = { owner, provider, url, standing, wait, startTimeout, signal: gone };
      try {
        const opened = await counted.open(owner, (onPlace) => browsers.open({ ...asked, onPlace }));
        noteAudit(request, opened.id, opened.lease.owner);
        // A client that goes away before it is answered knows nothing of its session.
        whenGone(gone, () => inBackground(browsers.close(opened)));
        reply.header("location", `/api/browser-sessions/${opened.id}`);
        return shownSession(opened);
      } catch (error) {
        if (gone.aborted) throw new HttpProblem("stopping", "the client went away before it was answered");
        throw error;
      }
    },
  });
}

function listBrowserSessions(app: FastifyInstance, { browsers }: BrowserParts): void {
  route(app, {
    method: "GET",
    url: "/api/browser-sessions",
    id: "listBrowserSessions",
    summary: "Lists the browser sessions of the token's owner",
    scope: "read",
    query: schemas.listQuery,
    answer: schemas.browserSessionList,
    answerExample: { sessions: [EXAMPLE] },
    problems: ["other-owner"],
    handle: async ({ query, request }) => {
      const isShown = shownTo(callerFrom(request), query.all === "true");
      return { sessions: (await browsers.list()).filter(isShown).map(shownSession) };
    },
  });
}

function getBrowserSession(app: FastifyInstance, { browsers }: BrowserParts): void {
  route(app, {
    method: "GET",
    url: "/api/browser-sessions/:session",
    id: "getBrowserSession",
    summary: "Says whose a browser session is",
    scope: "read",
    params: schemas.sessionParams,
    answer: schemas.browserSession,
    answerExample: EXAMPLE,
    problems: ["session-unknown"],
    handle: async ({ params, request }) => shownSession(await ownSession(browsers, request, params.session)),
  });
}

function renewBrowserSession(app: FastifyInstance, { browsers }: BrowserParts): void {
  route(app, {
    method: "POST",
    url: "/api/browser-sessions/:session/renew",
    id: "renewBrowserSession",
    summary: "Says that a browser session is still wanted: it stands for its ttl again",
    scope: "claim",
    // It comes with every look at the screen.
    audit: false,
    params: schemas.sessionParams,
    answer: schemas.browserSession,
    answerExample: EXAMPLE,
    problems: ["session-unknown", "lease-stale", "lease-ended"],
    handle: async ({ params, request }) => {
      const session = await ownSession(browsers, request, params.session);
      await browsers.renew(session);
      return shownSession(session);
    },
  });
}

function takeBrowserCredentials(app: FastifyInstance, parts: BrowserParts): void {
  const { browsers } = parts;
  route(app, {
    method: "GET",
    url: "/api/browser-sessions/:session/credentials",
    id: "takeBrowserCredentials",
    summary: "Answers what the login of a browser session has handed over",
    description: "The query of the address at which the login ended. Nothing else of a machine comes out of it.",
    scope: "execute",
    // Of those who ask whether there is something yet, there is no line.
    audit: "noted",
    params: schemas.sessionParams,
    query: schemas.credentialsQuery,
    answer: schemas.browserCredentials,
    answerExample: { credentials: { code: "4/0AX4", state: "af0ifjsldkj" } },
    problems: ["session-unknown", "credentials-missing", "lease-stale", "lease-ended", "place-lost"],
    handle: async ({ params, query, request, reply }) => {
      const session = await ownSession(browsers, request, params.session);
      await browsers.renew(session);
      const credentials = await credentialsOf(parts, session, {
        until: parts.now() + Number(query.wait ?? 0),
        isGone: () => reply.raw.destroyed,
      });
      noteAudit(request, session.id, session.lease.owner);
      return { credentials: { ...credentials } };
    },
  });
}

/**
 * What the login of a session has handed over, as soon as there is something.
 *
 * @param until when to give up, by the service's clock
 * @param isGone whether whoever asks has gone away
 * @throws HttpProblem where nobody has logged in by then
 */
async function credentialsOf(
  { browsers, now }: BrowserParts,
  session: BrowserSession,
  { until, isGone }: { readonly until: number; readonly isGone: () => boolean },
): Promise<Readonly<Record<string, string>>> {
  for (;;) {
    const state = await browsers.state(session).catch((error: unknown) => {
      // A guest that is busy answers the next time.
      if (now() >= until) throw error;
      return undefined;
    });
    if (state?.kind === "credentials") return state.credentials;
    if (now() + CREDENTIALS_INTERVAL > until || isGone())
      throw new HttpProblem("credentials-missing", "nobody has logged in there yet; ask again, with ?wait=30000", {
        retryAfter: 1,
      });
    await sleep(CREDENTIALS_INTERVAL);
  }
}

function endBrowserSession(app: FastifyInstance, { browsers }: BrowserParts): void {
  route(app, {
    method: "DELETE",
    url: "/api/browser-sessions/:session",
    id: "endBrowserSession",
    summary: "Ends a browser session: its machine is shut down, and nothing of it is kept",
    scope: "claim",
    params: schemas.sessionParams,
    answer: undefined,
    problems: ["session-unknown", "lease-stale", "lease-ended"],
    handle: async ({ params, request }) => {
      const session = await ownSession(browsers, request, params.session);
      noteAudit(request, session.id, session.lease.owner);
      await browsers.close(session);
    },
  });
}
