import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { CommandsOf } from "./authorize";
import { refuseAmbiguous } from "./http-settings";
import type { RunningCommands } from "./limits";
import type { HttpProblem } from "./problem";
import type { Scope } from "./facts";
import type { Caller } from "./tokens";

/** What refusing at once works with. */
export interface EarlyRefusalParts {
  readonly commands: RunningCommands;
  /** Who asks, where that is known without waiting for anything; undefined where it is not, or nobody is known by it. */
  readonly callerOf: (headers: IncomingMessage["headers"]) => Caller | undefined;
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

interface RunningRoute {
  readonly method: string;
  readonly url: string;
  readonly path: RegExp;
  readonly scope: string | undefined;
  readonly runs: CommandsOf;
}

/** Why a caller's next command would be too many; undefined where it would not. Whose it is may stand in the body alone. */
export function refusalOf(commands: RunningCommands, caller: Caller, runs: CommandsOf): HttpProblem | undefined {
  const isKnown = runs === "caller" || !caller.scopes.has("any-owner");
  return commands.refusal(isKnown ? caller.owner : undefined);
}

/**
 * Answers those who are too many before Fastify has them. They come by the hundred in one moment, and each waits for all that came before it: routing, hooks
 * and serializing cost three times as much as what says no here. Whatever is not refused for that alone goes on, and is judged there by the same.
 *
 * Call it before routes are added; those that run commands are known by their `runs`.
 */
export function refuseEarly(app: FastifyInstance, parts: EarlyRefusalParts): void {
  const routes: RunningRoute[] = [];
  app.addHook("onRoute", ({ method, url, config }) => {
    if (config?.runs === undefined) return;
    for (const each of [method].flat())
      routes.push({ method: each, url, path: pathOf(url), scope: config.scope, runs: config.runs });
  });
  app.addHook("onReady", (done) => {
    const handlers = app.server.listeners("request") as ((
      request: IncomingMessage,
      response: ServerResponse,
    ) => void)[];
    app.server.removeAllListeners("request");
    app.server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      if (!refuses(request, response, routes, parts))
        for (const handler of handlers) handler.call(app.server, request, response);
    });
    done();
  });
}

/** Refuses a request, where there is nothing else to be said of it. @returns whether it did */
function refuses(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly RunningRoute[],
  { commands, callerOf, isEnding, onRefused }: EarlyRefusalParts,
): boolean {
  const { method = "", url = "", headers } = request;
  if (!commands.isFull || isEnding()) return false;
  const route = routes.find((each) => each.method === method && each.path.test(url));
  const caller = route && callerOf(headers);
  if (!caller || isAmbiguous(request)) return false;
  if (route.scope !== undefined && !caller.scopes.has(route.scope as Scope)) return false;
  const problem = refusalOf(commands, caller, route.runs);
  if (!problem) return false;
  const id = randomUUID();
  const body = JSON.stringify(problem.toBody());
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "retry-after": String(problem.retryAfter ?? 1),
    "x-request-id": id,
  });
  response.end(body);
  onRefused({ id, method, route: route.url, status: problem.status, caller: caller.token });
  return true;
}

function isAmbiguous(request: IncomingMessage): boolean {
  try {
    refuseAmbiguous({ raw: request });
    return false;
  } catch {
    return true;
  }
}

/** The paths of a route such as `/api/containers/:id/execute`, with whatever is asked behind them. */
function pathOf(url: string): RegExp {
  const steps = url.split("/").map((step) => (step.startsWith(":") ? "[^/?#]+" : step.replaceAll(/\W/g, "\\$&")));
  return new RegExp(`^${steps.join("/")}(?:\\?.*)?$`);
}
