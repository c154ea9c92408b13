import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { ANSWER_HEADERS } from "./answer-headers";
import type { CommandsOf } from "./authorize";
import { refuseAmbiguous } from "./http-settings";
import type { RunningCommands } from "./limits";
import type { LoadShedding } from "./load-shedding";
import { Connections } from "./connections";
import { HttpProblem } from "./problem";
import type { Scope } from "./facts";
import type { Caller } from "./tokens";

/** What refusing at once works with. */
export interface EarlyRefusalParts {
  readonly commands: RunningCommands;
  readonly shedding: LoadShedding;
  /** Who asks, where that is known without waiting for anything; undefined where it is not, or nobody is known by it. */
  readonly callerOf: (headers: IncomingMessage["headers"]) => Caller | undefined;
  /** Whose request it is, in the same way, also where a browser's session says so. */
  readonly ownerOf: (headers: IncomingMessage["headers"]) => string | undefined;
  /** Whether the service takes no more requests. */
  readonly isEnding: () => boolean;
  /** Told of each that was refused. */
  readonly onRefused: (refused: {
    readonly id: string;
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly caller: string;
  }) => void;
}

/** A route that runs commands, or is for everybody. */
interface KnownRoute {
  readonly method: string;
  readonly url: string;
  readonly path: RegExp;
  readonly scope: string | undefined;
  readonly runs: CommandsOf | undefined;
  readonly isPublic: boolean;
}

/** Made once: those who hear it are many, and an error takes a stack along. */
const OVERLOADED = new HttpProblem("overloaded", "nothing was done; ask again", { retryAfter: 1 });

/** Why a caller's next command would be too many; undefined where it would not. Whose it is may stand in the body alone. */
export function refusalOf(commands: RunningCommands, caller: Caller, runs: CommandsOf): HttpProblem | undefined {
  const isKnown = runs === "caller" || !caller.scopes.has("any-owner");
  return commands.refusal(isKnown ? caller.owner : undefined);
}

/**
 * Answers those who are too many before Fastify has them. They come by the hundred in one moment, and each waits for all that came before it: routing, hooks
 * and serializing cost three times as much as what says no here. Whatever is not refused for that alone goes on, and is judged there by the same.
 *
 * Call it before routes are added; those that run commands are known by their `runs`. What is read is refused where too much is asked, since it can be asked again; what changes something has limits of its
 * own, and a lease that nobody could renew would be lost.
 */
export function refuseEarly(app: FastifyInstance, parts: EarlyRefusalParts): void {
  const routes: KnownRoute[] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    const { scope, runs } = config ?? {};
    const known = { url, path: pathOf(url), scope, runs, isPublic: scope === "public" };
    if (runs !== undefined || known.isPublic)
      for (const each of [method].flat()) routes.push({ ...known, method: each });
  });
  const connections = new Connections(app.server);
  app.addHook("onReady", (done) => {
    const handlers = app.server.listeners("request") as ((
      request: IncomingMessage,
      response: ServerResponse,
    ) => void)[];
    app.server.removeAllListeners("request");
    app.server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      if (connections.takes(request, response) && !refuses(request, response, routes, parts))
        for (const handler of handlers) handler.call(app.server, request, response);
    });
    done();
  });
}

/** Refuses a request, where there is nothing else to be said of it. @returns whether it did */
function refuses(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly KnownRoute[],
  parts: EarlyRefusalParts,
): boolean {
  const isLetIn = parts.shedding.letsIn(() => parts.ownerOf(request.headers));
  if (parts.isEnding() || (isLetIn && !parts.commands.isFull)) return false;
  const { method = "", url = "" } = request;
  const route = routes.find((each) => each.method === method && each.path.test(url));
  const refused = route && tooManyCommands(request, route, parts);
  const problem = refused?.problem ?? (isLetIn || method !== "GET" || route?.isPublic ? undefined : OVERLOADED);
  if (!problem) return false;
  const id = randomUUID();
  const body = JSON.stringify(problem.toBody());
  response.writeHead(problem.status, {
    ...ANSWER_HEADERS,
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "retry-after": String(problem.retryAfter ?? 1),
    "x-request-id": id,
  });
  response.end(body);
  const { caller = "unknown" } = refused ?? {};
  parts.onRefused({ id, method, route: route?.url ?? "none", status: problem.status, caller });
  return true;
}

/** Why a command would be too many of somebody who may run it; undefined where it would not, and where more is to be said of the request. */
function tooManyCommands(
  request: IncomingMessage,
  { scope, runs }: KnownRoute,
  { commands, callerOf }: EarlyRefusalParts,
): { readonly problem: HttpProblem; readonly caller: string } | undefined {
  if (runs === undefined) return undefined;
  const caller = callerOf(request.headers);
  if (!caller || isAmbiguous(request)) return undefined;
  if (scope !== undefined && !caller.scopes.has(scope as Scope)) return undefined;
  const problem = refusalOf(commands, caller, runs);
  return problem && { problem, caller: caller.token };
}

function isAmbiguous(request: IncomingMessage): boolean {
  try {
    refuseAmbiguous({ raw: request });
    return false;
  } catch {
    return true;
  }
}

/** The paths of a route such as `/api/containers/:id/execute` or `/browser-files/*`, with whatever is asked behind them. */
function pathOf(url: string): RegExp {
  const steps = url.split("/").map((step) => {
    if (step === "*") return "[^?#]*";
    return step.startsWith(":") ? "[^/?#]+" : step.replaceAll(/\W/g, "\\$&");
  });
  return new RegExp(`^${steps.join("/")}(?:\\?.*)?$`);
}
