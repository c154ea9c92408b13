import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import Fastify, { LogController, type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from "fastify";
import { sharedAnswer } from "../nomad";
import { ANSWER_HEADERS } from "./answer-headers";
import { writeAudit, type AuditOptions } from "./audit";
import {
  askedAgain,
  askerOf,
  authorize,
  knownCaller,
  knownOwner,
  LOCAL,
  stillMay,
  viewerOf,
  type Access,
  type Authority,
} from "./authorize";
import { boundBodies, type BodyLimits } from "./bodies";
import { refusalOf, refuseEarly } from "./early-refusals";
import { COMMANDS } from "./facts";
import { RunningCommands } from "./limits";
import { LoadShedding, type LoopClocks } from "./load-shedding";
import type { Browsers } from "./browsers";
import { Metrics } from "./metrics";
import type { Dependency, Pools } from "./pools";
import { HttpProblem, problemOf } from "./problem";
import { PoolHistory } from "./pool-history";
import {
  browserSessionRoutes,
  browserViewRoutes,
  containerRoutes,
  executeRoute,
  healthRoutes,
  poolRoutes,
  sessionRoutes,
} from "./routes";
import { jsonSchema, PROBLEM, problem } from "./schemas";
import { fewAtOnce, type ServiceParts } from "./service-parts";
import { errorFields, httpSettings, refuseAmbiguous, requestFields } from "./http-settings";
import { Sessions } from "./sessions";
import { Turns } from "./turns";

/** What is limited; see docs/pools.md for how the figures were chosen. */
export interface ServiceLimits {
  /** The largest body, in bytes. Default: 2 MiB. */
  readonly body?: number;
  /** Requests of one owner in ten seconds, with however many tokens. Default: 2000. */
  readonly requests?: number;
  /** Commands of one owner at once. Default: 50. */
  readonly commandsOfOwner?: number;
  /** Commands at once. Default: 200. */
  readonly commands?: number;
  /** Browser sessions of one owner at once. Default: 3. */
  readonly sessionsOfOwner?: number;
  /** Jobs of their own at once, for commands that no container was free for; 0: none is ever started. Default: 4. */
  readonly jobs?: number;
}

/** How much is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What the service is made of. */
export interface ServiceOptions {
  readonly pools: Pools;
  /** Browser sessions, where it serves any. Default: none. */
  readonly browsers?: Browsers;
  readonly tokens: Access;
  /** Names by which browsers reach it beside this machine's own. Default: none. */
  readonly names?: readonly string[];
  /** Further routes, such as those of the page. Default: none. */
  readonly plugins?: readonly ServicePlugin[];
  /** Where a line of JSON is written for each change: who, what, to which, when. Default: none is written. */
  readonly audit?: AuditOptions;
  readonly limits?: ServiceLimits;
  /** Where lines of JSON are logged to, and how much. Default: nothing is logged. */
  readonly log?: { readonly level: LogLevel; readonly stream: { write(line: string): void } };
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** The clocks of the event loop that requests are heard in, for who asks from the same loop. Default: those of this process, which serves and does little else. */
  readonly loop?: LoopClocks;
  /** The release, for the document. */
  readonly version: string;
  /** What makes functions of the routes' schemas, for whoever makes many services. Default: Fastify's own, anew. */
  readonly schemaController?: FastifyServerOptions["schemaController"];
}

/** Routes that the service has beside its own. @returns what ends with the service, such as streams that are never answered in full */
export type ServicePlugin = (app: FastifyInstance, parts: ServiceParts) => { close(): void | Promise<void> };

/** The largest body, in bytes. */
const BODY = 2 * 1024 * 1024;
/** How long what the cluster says of itself is shared by all who ask, in milliseconds. */
const SHARED = 1000;
/** How long the last answers may take on their way, in milliseconds. */
const LAST_BYTES = 2000;

/** The service: a server that listens once it is told to, and ends in the order that loses nothing. */
export interface Service {
  readonly app: FastifyInstance;
  /** Makes a token that opens a session for a browser, once: for whoever started the service, who may do all of it. */
  oneTimeToken(): string;
  /**
   * Takes no more requests, waits until the commands that run have ended, and ends them where that takes too long. Leases stay as they stand in
   * the store.
   *
   * @param grace how long to wait, in milliseconds
   */
  end(grace: number): Promise<void>;
}

/** What the parts of a service share while it is made, and until it ends. */
interface Core {
  readonly app: FastifyInstance;
  readonly options: ServiceOptions;
  readonly authority: Authority;
  readonly metrics: Metrics;
  readonly history: PoolHistory;
  readonly commands: RunningCommands;
  /** Work that goes on after its request was answered. */
  readonly background: Set<Promise<unknown>>;
  isEnding: boolean;
}

/** Makes the service; it listens nowhere yet. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const core = coreOf(options);
  const { app, authority } = core;
  // Hooks run in the order in which they were added: who asks is known before anything else is looked at.
  answerProblems(app);
  app.addHook("onRequest", async (request) => refuseAmbiguous(request));
  authorize(app, authority);
  app.decorateRequest("audited", null);
  const audit = options.audit && writeAudit(app, options.audit);
  refuseWhatIsTooMuch(core);
  boundBodies(app, bodyLimitsOf(options.limits));
  observeAnswers(core);
  await describeRoutes(app, options.version);
  await limitRate(app, options.limits);
  const plugins = await registerRoutes(core, partsOf(core, audit));
  return {
    app,
    oneTimeToken: () => authority.sessions.oneTimeToken(LOCAL),
    end: (grace) => endService(core, plugins, grace),
  };
}

function coreOf(options: ServiceOptions): Core {
  const { pools, tokens, names = [], limits = {}, now } = options;
  const { commandsOfOwner = COMMANDS.ofOwner, commands: all = COMMANDS.ofAll } = limits;
  const app = httpServer(options);
  if (typeof tokens !== "string") tokens.reportTo((message) => app.log.error(`the tokens: ${message}`));
  const metrics = new Metrics(pools, now);
  return {
    app,
    options,
    authority: { tokens, sessions: new Sessions(now), names },
    metrics,
    history: new PoolHistory(pools, metrics, now),
    commands: new RunningCommands({ perOwner: commandsOfOwner, all }, (count) => metrics.running.set(count)),
    background: new Set(),
    isEnding: false,
  };
}

function httpServer({ schemaController, limits: { body = BODY } = {}, log }: ServiceOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    ...httpSettings,
    ...(schemaController ? { schemaController } : {}),
    bodyLimit: body,
    logController: new LogController({ disableRequestLogging: true }),
    // Fastify's own lines, such as that of a fault in a plugin, go through the same sieve as ours.
    logger: log ? { ...log, serializers: { err: errorFields, req: () => ({}), res: () => ({}) } } : false,
  });
  // A page of another site can send texts and forms without asking first, and JSON it cannot.
  app.removeContentTypeParser("text/plain");
  return app;
}

/** Beside the bodies of as many commands as may run, some more may be on their way. */
function bodyLimitsOf({
  body: each = BODY,
  commandsOfOwner = COMMANDS.ofOwner,
  commands = COMMANDS.ofAll,
}: ServiceLimits = {}): BodyLimits {
  return { each, ofOwner: (commandsOfOwner + 10) * each, ofAll: (commands + 50) * each };
}

/** What routes are given. */
function partsOf(core: Core, audit: ServiceParts["audit"] | undefined): ServiceParts {
  const { app, options, authority, metrics, history, commands, background } = core;
  const { pools, browsers, tokens, limits: { jobs = 4 } = {}, now } = options;
  // Anybody may ask whether the service is ready, as often as they like.
  const ofPools = sharedAnswer(SHARED, now, () => pools.dependencies());
  return {
    pools,
    metrics,
    history,
    now,
    cold: fewAtOnce(jobs),
    running: {
      commands,
      turns: new Turns(),
      metrics,
      now,
      onError: (error) => app.log.warn({ err: error }, "a command failed"),
    },
    dependencies: async () => [
      ...ownTroubles(tokens, core.isEnding),
      ...(await ofPools()),
      ...(browsers ? [browsers.dependency()] : []),
    ],
    audit: (line) => audit?.(line),
    askedAgain: (request) => askedAgain(request, authority),
    stillMay: (viewer, scope) => stillMay(viewer, scope, authority),
    viewerOf: (request) => viewerOf(request, tokens),
    askerOf: (request) => askerOf(request, tokens),
    inBackground: (work) => {
      const settled = work.catch((error: unknown) => app.log.warn({ err: error }, "work in the background failed"));
      background.add(settled);
      void settled.finally(() => background.delete(settled));
    },
  };
}

/** Refuses what comes while the service ends, and what is too much for it or for its owner, before anything is read, checked or claimed for it. */
function refuseWhatIsTooMuch(core: Core): void {
  const { app, options, authority, commands, metrics } = core;
  app.addHook("onRequest", async (request) => {
    if (core.isEnding && request.routeOptions.config.scope !== "public")
      throw new HttpProblem("stopping", "another service takes over; ask again", { retryAfter: 1 });
  });
  app.addHook("onRequest", async (request) => {
    const { caller } = request;
    const { runs } = request.routeOptions.config;
    if (runs === undefined || caller === null) return;
    const refusal = refusalOf(commands, caller, runs);
    if (refusal) throw refusal;
  });
  refuseEarly(app, {
    commands,
    shedding: new LoadShedding(options.loop),
    callerOf: (headers) => knownCaller(headers, options.tokens),
    ownerOf: (headers) => knownOwner(headers, authority),
    isEnding: () => core.isEnding,
    onRefused: ({ id, method, route, status, caller }) => {
      metrics.requested(method, route, status);
      app.log.info({ reqId: id, method, route, status, caller }, "refused at once");
    },
  });
}

/** Counts and logs what was answered, and sends the headers that every answer has. */
function observeAnswers({ app, metrics }: Core): void {
  app.addHook("onResponse", async (request, reply) => {
    // A connection that was to be upgraded, and was refused, is read by nobody any more.
    if (request.headers.upgrade !== undefined) request.raw.socket.destroySoon();
    const route = request.routeOptions.url ?? "none";
    metrics.requested(request.method, route, reply.statusCode);
    // Checks that pass come every few seconds, and would hide everything else.
    const level = request.routeOptions.config.scope === "public" && reply.statusCode < 400 ? "debug" : "info";
    request.log[level](requestFields(request, reply), "answered");
  });
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
    for (const [name, value] of Object.entries(ANSWER_HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value);
  });
}

/** Makes the document of the routes that are registered from now on. */
async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  app.addSchema({ $id: PROBLEM, ...jsonSchema(problem) });
  await app.register(swagger, {
    openapi: documentHead(version),
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === "string" ? json.$id : `schema-${index}`,
    },
  });
}

/** Limits how often an owner asks, and an address that is nobody's. */
async function limitRate(app: FastifyInstance, { requests = 2000 }: ServiceLimits = {}): Promise<void> {
  await app.register(rateLimit, {
    max: requests,
    timeWindow: 10_000,
    keyGenerator: (request) => (request.caller ? `owner ${request.caller.owner}` : `address ${request.ip}`),
    allowList: (request) => request.routeOptions.config.scope === "public",
    errorResponseBuilder: (_request, { ttl }) =>
      new HttpProblem("rate-limited", `${requests} requests in ten seconds are the most`, {
        retryAfter: Math.max(1, Math.ceil(ttl / 1000)),
      }),
  });
}

/** @returns what the plugins opened, which ends with the service */
async function registerRoutes(
  { app, options: { browsers, plugins = [], limits = {} }, authority }: Core,
  parts: ServiceParts,
): Promise<readonly ReturnType<ServicePlugin>[]> {
  const opened: ReturnType<ServicePlugin>[] = [];
  await app.register(async (routes) => {
    executeRoute(routes, parts);
    containerRoutes(routes, parts);
    poolRoutes(routes, parts);
    if (browsers) {
      const more = { ...parts, browsers, sessionsOfOwner: limits.sessionsOfOwner ?? 3 };
      browserSessionRoutes(routes, more);
      await browserViewRoutes(routes, more);
    }
    healthRoutes(routes, parts);
    sessionRoutes(routes, authority, { browserSessions: browsers !== undefined });
    for (const plugin of plugins) opened.push(plugin(routes, parts));
    // Made once: anybody may ask for it, as often as they like, and all are sent the same bytes.
    let document: Buffer | undefined;
    routes.get("/openapi.json", { config: { scope: "public" }, schema: { hide: true } }, async (_request, reply) => {
      document ??= Buffer.from(JSON.stringify(app.swagger()));
      return reply.type("application/json; charset=utf-8").send(document);
    });
  });
  return opened;
}

async function endService(core: Core, plugins: readonly ReturnType<ServicePlugin>[], grace: number): Promise<void> {
  const { app, options, history, commands, background } = core;
  core.isEnding = true;
  history.close();
  await Promise.all(plugins.map((plugin) => plugin.close()));
  const over = setTimeout(() => commands.stopAll(), grace);
  // New connections are refused from now on; what was asked before is answered.
  const closed = app.close();
  await commands.idle();
  clearTimeout(over);
  await closeConnections(app, closed);
  await Promise.all(background);
  await options.browsers?.stop();
  await options.pools.close();
}

/** Clients keep connections that they do not use, and some never read what they were sent: neither is waited for. */
async function closeConnections(app: FastifyInstance, closed: PromiseLike<unknown>): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const all = setTimeout(() => app.server.closeAllConnections(), LAST_BYTES);
  await closed;
  clearInterval(idle);
  clearTimeout(all);
}

/** What goes wrong in the service itself. */
function ownTroubles(tokens: Access, ending: boolean): readonly Dependency[] {
  return [
    ...(typeof tokens === "string"
      ? []
      : [{ name: "tokens", trouble: tokens.trouble && "cannot be read; the service's log has more" }]),
    ...(ending ? [{ name: "service", trouble: "is stopping" }] : []),
  ];
}

/** Every refusal and every fault is a problem of RFC 9457. */
function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, (part) => fieldsOf(request, part));
    if (problem.status >= 500) request.log.error({ err: error }, "a request failed");
    reply.code(problem.status);
    if (problem.retryAfter !== undefined) reply.header("retry-after", problem.retryAfter);
    if (problem.code === "unauthorized") reply.header("www-authenticate", 'Bearer realm="cdk-nomad"');
    return reply.type("application/problem+json").serializer(JSON.stringify).send(problem.toBody());
  });
  app.setNotFoundHandler(async () => {
    throw new HttpProblem("not-found", "GET /openapi.json lists the routes");
  });
}

/** The fields that a part of a request may have, by the route's own schema. */
function fieldsOf({ routeOptions: { schema } }: FastifyRequest, part: string): readonly string[] | undefined {
  const own = (schema as Readonly<Record<string, { readonly properties?: object } | undefined>> | undefined)?.[part];
  return own?.properties && Object.keys(own.properties);
}

function documentHead(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "cdk-nomad pools",
      version,
      description:
        "Containers that wait, leased in milliseconds. A lease has a generation, which every later call presents; refusals are problems of RFC 9457, whose `code` is for programs.",
    },
    components: {
      securitySchemes: {
        token: { type: "http" as const, scheme: "bearer", description: "A token of cdk-nomad pool token create." },
      },
    },
    security: [{ token: [] }],
  };
}
