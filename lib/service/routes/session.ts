import type { FastifyInstance } from "fastify";
import { LOCAL, bearer, callerFrom, isOfSession, type Authority } from "../authorize";
import { HttpProblem } from "../problem";
import { route } from "../route";
import * as schemas from "../schemas";
import { sessionCookie, sessionIn, strayCookiesTaken } from "../session-cookie";

const ONE_TIME_EXAMPLE = "q0fHk9m2X4t7v1c8b3n6l5z0r2y9w4e7u1i8o3p6a5s";

/** What a session is told of the service. */
export interface Served {
  /** Whether it hands out browser sessions. */
  readonly browserSessions: boolean;
}

/** How a person's browser proves whose it is: by a token that can be used once, or by one of the service's own, and then by a cookie. */
export function sessionRoutes(app: FastifyInstance, authority: Authority, served: Served): void {
  openSession(app, authority, served);
  getSession(app, served);
  endSession(app, authority);
  createOneTimeToken(app, authority);
}

function openSession(app: FastifyInstance, { tokens, sessions }: Authority, { browserSessions }: Served): void {
  route(app, {
    method: "POST",
    url: "/api/session",
    id: "openSession",
    summary: "Opens a session for a browser: the answer sets its cookie",
    description:
      "By a one-time token in the body, or by a token in the header Authorization. The cookie is HttpOnly and SameSite=Strict, and stands for 12 hours, or until the token is taken away.",
    scope: "public",
    page: "asked",
    body: schemas.sessionRequest,
    // Anybody may send one, and it is kept until all of it has come.
    bodyLimit: 4096,
    example: { oneTimeToken: ONE_TIME_EXAMPLE },
    answer: schemas.session,
    answerExample: { owner: "ann", scopes: ["read", "environments"], browserSessions: true },
    problems: ["unauthorized", "unavailable", "foreign-origin", "foreign-host"],
    handle: async ({ body: { oneTimeToken }, request, reply }) => {
      const session =
        oneTimeToken !== undefined
          ? sessions.redeem(oneTimeToken)
          : sessions.open(tokens === "none" ? LOCAL : await bearer(request, tokens));
      const caller = session === undefined ? undefined : sessions.find(session);
      if (session === undefined || caller === undefined)
        throw new HttpProblem("unauthorized", "the address was used before, or is too old; open the page again");
      request.caller = caller;
      // A session that another program on this host set for these paths is none beside this one.
      if (sessionIn(request) !== undefined) reply.header("set-cookie", [...strayCookiesTaken(request)]);
      reply.header("set-cookie", sessionCookie(request, session));
      return { owner: caller.owner, scopes: [...caller.scopes], browserSessions };
    },
  });
}

function getSession(app: FastifyInstance, { browserSessions }: Served): void {
  route(app, {
    method: "GET",
    url: "/api/session",
    id: "getSession",
    summary: "Says who asks, and what they may do",
    scope: "any",
    answer: schemas.session,
    answerExample: { owner: "ann", scopes: ["read", "environments"], browserSessions: true },
    handle: ({ request }) => {
      const { owner, scopes } = callerFrom(request);
      return Promise.resolve({ owner, scopes: [...scopes], browserSessions });
    },
  });
}

function endSession(app: FastifyInstance, { sessions }: Authority): void {
  route(app, {
    method: "DELETE",
    url: "/api/session",
    id: "endSession",
    summary: "Ends the session of a browser",
    scope: "any",
    answer: undefined,
    handle: ({ request, reply }) => {
      const session = sessionIn(request);
      if (session !== undefined) sessions.end(session);
      reply.header("set-cookie", sessionCookie(request, undefined));
      return Promise.resolve();
    },
  });
}

function createOneTimeToken(app: FastifyInstance, { tokens, sessions }: Authority): void {
  route(app, {
    method: "POST",
    url: "/api/session/one-time-token",
    id: "createOneTimeToken",
    summary: "Makes a token that opens one session for a browser, once, within two minutes",
    scope: "any",
    answer: schemas.oneTimeToken,
    answerExample: { oneTimeToken: ONE_TIME_EXAMPLE },
    description: "A session makes none: it would go on in another one after it was left, or its time was over.",
    problems: ["refused"],
    handle: ({ request }) => {
      if (isOfSession(request, tokens)) throw new HttpProblem("refused", "a session opens no other; use a token");
      return Promise.resolve({ oneTimeToken: sessions.oneTimeToken(callerFrom(request)) });
    },
  });
}
