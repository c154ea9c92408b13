import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isToLoopback, refuseForeignHost, refuseForeignOrigin } from "./origin";
import { HttpProblem } from "./problem";
import { hasSeveralSessions, sessionIn, strayCookiesTaken } from "./session-cookie";
import type { Sessions } from "./sessions";
import type { Tokens } from "./token-source";
import { SCOPES, type Scope } from "./facts";
import { type Caller } from "./tokens";

/** Whose commands a route runs: its caller's, or those of an owner that the body names, whom a caller without the scope `any-owner` can only be. */
export type CommandsOf = "caller" | "named-owner";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null on routes for everybody. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Whose commands it runs: what is too much is refused before its body is read. Default: it runs none. */
    readonly runs?: CommandsOf;
    /** What the token must be allowed; `any`: nothing in particular; `public` for routes that need none. Default: any. */
    readonly scope?: Scope | "any" | "public";
    /** `shown`: what a browser is shown, also where another site leads to it; `asked`: what the page asks before it has a session. Default: neither. */
    readonly page?: "shown" | "asked";
  }
}

/**
 * Who may ask: whoever has one of some tokens; `none`: whoever is on this machine; `sessions`: only who was given a one-time token by the program that
 * serves.
 */
export type Access = Tokens | "none" | "sessions";

/** What it is decided by who asks. */
export interface Authority {
  readonly tokens: Access;
  readonly sessions: Sessions;
  /** Names of the service beside those of this machine, for browsers. */
  readonly names: readonly string[];
}

/** Whoever is on this machine, where no tokens are wanted, and whoever started a service of their own. */
export const LOCAL: Caller = { token: "none", owner: "local", scopes: new Set(SCOPES) };

/**
 * Has every request prove who asks, before its body is read. A route without a scope of its own, and one that is not there, wants a token too. Browsers
 * ask with a session's cookie, and only for the service's own page.
 */
export function authorize(app: FastifyInstance, authority: Authority): void {
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request, reply) => {
    const { scope, page } = request.routeOptions.config;
    if (page !== undefined) refuseForeignHost(request, authority.names);
    if (scope !== "public" || page === "asked") refuseForeignOrigin(request);
    // Whoever set a second one would keep a person out until they have found it.
    if (hasSeveralSessions(request)) reply.header("set-cookie", [...strayCookiesTaken(request)]);
    if (scope === "public") return;
    request.caller = await callerOf(request, authority);
    refuseWithoutScope(request.caller, scope);
  });
}

function refuseWithoutScope({ scopes }: Caller, scope: Scope | "any" | "public" | undefined): void {
  if (scope !== undefined && scope !== "any" && scope !== "public" && !scopes.has(scope))
    throw new HttpProblem("scope-missing", `this route wants a token with the scope ${scope}`);
}

/** Who asks, where that is known without waiting for anything; undefined where it is not, and where nobody is known by it. */
export function knownCaller(headers: IncomingHttpHeaders, tokens: Access): Caller | undefined {
  // What a browser sends is looked at more closely.
  if (tokens === "sessions" || headers.origin !== undefined || headers["sec-fetch-site"] !== undefined)
    return undefined;
  if (tokens === "none") return isToLoopback({ headers }) ? LOCAL : undefined;
  const token = tokenOf(headers);
  return token === undefined ? undefined : tokens.known?.find(token);
}

/** Whose request it is, where that is known without waiting for anything, for limits alone: whether they may ask is looked at more closely. */
export function knownOwner(headers: IncomingHttpHeaders, { tokens, sessions }: Authority): string | undefined {
  if (headers.authorization !== undefined) return knownCaller(headers, tokens)?.owner;
  const session = sessionIn({ headers });
  return session === undefined ? undefined : sessions.find(session)?.owner;
}

function tokenOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([^\s]{1,200})$/i.exec(authorization ?? "")?.[1];
}

async function callerOf(request: FastifyRequest, authority: Authority): Promise<Caller> {
  const { tokens, names } = authority;
  if (tokens === "none") return localCaller(request);
  if (isOfSession(request, tokens)) {
    if (hasSeveralSessions(request))
      throw new HttpProblem(
        "several-sessions",
        "the browser sends several sessions of this page, as where another program on this host set one; all but the service's own were taken away: ask again. Where that does not help, remove the cookies of this host from the browser",
      );
    const session = sessionIn(request);
    if (session !== undefined) {
      refuseForeignHost(request, names);
      return callerOfSession(session, authority);
    }
  }
  return bearer(request, tokens);
}

/** Whether it is a session's cookie by which somebody is known. */
export function isOfSession({ headers }: FastifyRequest, tokens: Access): boolean {
  return tokens !== "none" && headers.authorization === undefined;
}

/** Without tokens a page of the internet, whose name was made to lead to this machine, must not be able to ask: so the name is looked at. */
function localCaller(request: FastifyRequest): Caller {
  if (isToLoopback(request)) return LOCAL;
  throw new HttpProblem("foreign-host", "without tokens the service answers to localhost, 127.0.0.1 and [::1] only");
}

/** A session ends with the token that it was opened by, and may do what that may now. */
async function callerOfSession(session: string, { tokens, sessions }: Authority): Promise<Caller> {
  const opened = sessions.find(session);
  if (!opened) throw new HttpProblem("unauthorized", "the session is over; open the page again with cdk-nomad ui");
  if (typeof tokens === "string") return opened;
  const caller = (await bookOf(tokens)).byId(opened.token);
  if (!caller) throw new HttpProblem("unauthorized", "the token that the session was opened with was taken away");
  return caller;
}

/**
 * Whether whoever asked might ask again now: a session is left, its time is over, a token is taken away or loses a scope, and what goes on being answered
 * is then to end.
 *
 * @throws HttpProblem where they might not
 */
export async function askedAgain(request: FastifyRequest, authority: Authority): Promise<void> {
  if (request.caller === null) return;
  refuseWithoutScope(await callerOf(request, authority), request.routeOptions.config.scope);
}

/** Somebody who is known by a ticket later: who they are, and the session of a browser by which they were known, where it was one. */
export interface Viewer {
  readonly caller: Caller;
  readonly session: string | undefined;
}

/** Whoever asks, for a ticket. */
export function viewerOf(request: FastifyRequest, tokens: Access): Viewer {
  return { caller: callerFrom(request), session: isOfSession(request, tokens) ? sessionIn(request) : undefined };
}

/** The same as {@link askedAgain} of somebody who is known by a ticket. @throws HttpProblem where their token was taken away, may not do that any more, or their session is over */
export async function stillMay(
  { caller, session }: Viewer,
  scope: Scope,
  { tokens, sessions }: Pick<Authority, "tokens" | "sessions">,
): Promise<void> {
  if (session !== undefined && !sessions.find(session)) throw new HttpProblem("unauthorized", "the session is over");
  if (typeof tokens === "string") return;
  const now = (await bookOf(tokens)).byId(caller.token);
  if (!now) throw new HttpProblem("unauthorized", "the token was taken away");
  refuseWithoutScope(now, scope);
}

/** Who has the token that a request brings. @throws HttpProblem */
export async function bearer({ headers }: FastifyRequest, tokens: Exclude<Access, "none">): Promise<Caller> {
  if (tokens === "sessions") throw new HttpProblem("unauthorized", "open the page again with cdk-nomad ui");
  const token = tokenOf(headers);
  if (token === undefined) throw new HttpProblem("unauthorized", "send a token: Authorization: Bearer <token>");
  const caller = (await bookOf(tokens)).find(token);
  if (!caller) throw new HttpProblem("unauthorized", "the token is not known, or was taken away");
  return caller;
}

async function bookOf(tokens: Tokens) {
  return tokens.current().catch(() => {
    throw new HttpProblem("unavailable", "the service cannot read its tokens just now; ask again", { retryAfter: 5 });
  });
}

/** Who asks, on a route that wants a token. */
export function callerFrom({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error("a route that is public has no caller");
  return caller;
}

/** What tells those who ask from one another: a browser's session where it is known by one, else the token. For counting alone: it is secret. */
export function askerOf(request: FastifyRequest, tokens: Access): string {
  const session = isOfSession(request, tokens) ? sessionIn(request) : undefined;
  return session ?? callerFrom(request).token;
}

/** Whether somebody may act for an owner. */
export function mayActFor(caller: Caller, owner: string): boolean {
  return caller.owner === owner || caller.scopes.has("any-owner");
}

/**
 * Which leases somebody is shown: their own, or those of everybody.
 *
 * @throws HttpProblem where those of everybody are asked for, and the token may not
 */
export function shownTo(caller: Caller, all: boolean): (of: { readonly lease: { readonly owner: string } }) => boolean {
  if (all && !caller.scopes.has("any-owner"))
    throw new HttpProblem("other-owner", "those of every owner want a token with the scope any-owner");
  return ({ lease }) => all || lease.owner === caller.owner;
}

/**
 * The owner that somebody acts for.
 *
 * @throws HttpProblem where the token may not
 */
export function actingFor(caller: Caller, owner: string): string {
  if (mayActFor(caller, owner)) return owner;
  throw new HttpProblem(
    "other-owner",
    "the token acts for its own owner only; one with the scope any-owner acts for all",
  );
}
