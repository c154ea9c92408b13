import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem } from "./problem";
import type { Tokens } from "./token-source";
import { SCOPES, type Caller, type Scope } from "./tokens";

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
    /** What the token must be allowed; `public` for routes that need none. */
    readonly scope?: Scope | "public";
  }
}

/** Whoever asks where no tokens are wanted: on loopback only. */
const ANYBODY: Caller = { token: "none", owner: "local", scopes: new Set(SCOPES) };
const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Has every request prove who asks, before its body is read. A route without a scope of its own, and one that is not there, wants a token too. */
export function authorize(app: FastifyInstance, tokens: Tokens | "none"): void {
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope === "public") return;
    request.caller = tokens === "none" ? localCaller(request) : await callerOf(request, tokens);
    if (scope !== undefined && !request.caller.scopes.has(scope))
      throw new Problem("scope-missing", `this route wants a token with the scope ${scope}`);
  });
}

/** Who asks, where that is known without waiting for anything; undefined where it is not, and where nobody is known by it. */
export function knownCaller(headers: IncomingHttpHeaders, tokens: Tokens | "none"): Caller | undefined {
  if (tokens === "none") return LOOPBACK.test(headers.host ?? "") ? ANYBODY : undefined;
  const token = tokenOf(headers);
  return token === undefined ? undefined : tokens.known?.find(token);
}

function tokenOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([^\s]{1,200})$/i.exec(authorization ?? "")?.[1];
}

/** Without tokens a page of the internet, whose name was made to lead to this machine, must not be able to ask: so the name is looked at. */
function localCaller({ headers }: FastifyRequest): Caller {
  if (LOOPBACK.test(headers.host ?? "")) return ANYBODY;
  throw new Problem("foreign-host", "without tokens the service answers to localhost, 127.0.0.1 and [::1] only");
}

async function callerOf(request: FastifyRequest, tokens: Tokens): Promise<Caller> {
  const token = tokenOf(request.headers);
  if (token === undefined) throw new Problem("unauthorized", "send a token: Authorization: Bearer <token>");
  const book = await tokens.current().catch(() => {
    throw new Problem("unavailable", "the service cannot read its tokens just now; ask again", { retryAfter: 5 });
  });
  const caller = book.find(token);
  if (!caller) throw new Problem("unauthorized", "the token is not known, or was taken away");
  return caller;
}

/** Who asks, on a route that wants a token. */
export function callerFrom({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error("a route that is public has no caller");
  return caller;
}

/** Whether somebody may act for an owner. */
export function mayActFor(caller: Caller, owner: string): boolean {
  return caller.owner === owner || caller.scopes.has("any-owner");
}

/**
 * The owner that somebody acts for.
 *
 * @throws Problem where the token may not
 */
export function actingFor(caller: Caller, owner: string): string {
  if (mayActFor(caller, owner)) return owner;
  throw new Problem("other-owner", "the token acts for its own owner only; one with the scope any-owner acts for all");
}
