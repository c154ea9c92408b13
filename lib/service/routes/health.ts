import type { FastifyInstance } from "fastify";
import { route } from "../route";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";

/** Whether the service lives, whether it can do its work, and what it counts. */
export function healthRoutes(app: FastifyInstance, parts: ServiceParts): void {
  health(app);
  readiness(app, parts);
  listDependencies(app, parts);
  metrics(app, parts);
}

function health(app: FastifyInstance): void {
  route(app, {
    method: "GET",
    url: "/healthz",
    id: "health",
    summary: "Says that the service lives: nothing else is asked",
    scope: "public",
    answer: schemas.health,
    answerExample: { status: "ok" },
    handle: () => Promise.resolve({ status: "ok" as const }),
  });
}

function readiness(app: FastifyInstance, parts: ServiceParts): void {
  route(app, {
    method: "GET",
    url: "/readyz",
    id: "readiness",
    summary: "Says whether the service can do its work, and no more: GET /api/dependencies says what does not answer",
    scope: "public",
    answer: schemas.readiness,
    answerExample: { status: "ready" },
    answers: { 503: schemas.readiness },
    handle: async ({ reply }) => {
      if ((await parts.dependencies()).every(({ trouble }) => trouble === undefined))
        return { status: "ready" as const };
      return reply.code(503).send({ status: "not-ready" });
    },
  });
}

function listDependencies(app: FastifyInstance, parts: ServiceParts): void {
  route(app, {
    method: "GET",
    url: "/api/dependencies",
    id: "listDependencies",
    summary: "Says what the service needs, and whether it answers; as of the last second",
    scope: "read",
    answer: schemas.dependencyList,
    answerExample: { dependencies: [{ name: "Nomad", ok: true }] },
    handle: async () => ({
      dependencies: (await parts.dependencies()).map(({ name, trouble }) => ({
        name,
        ok: trouble === undefined,
        ...(trouble === undefined ? {} : { message: trouble }),
      })),
    }),
  });
}

function metrics(app: FastifyInstance, parts: ServiceParts): void {
  app.route({
    method: "GET",
    url: "/metrics",
    config: { scope: "read" },
    schema: {
      operationId: "metrics",
      summary: "What the service counts, for Prometheus",
      security: [{ token: ["read"] }],
      response: {
        200: {
          description: "Prometheus' text format.",
          content: { "text/plain": { schema: { type: "string", examples: ["cdk_nomad_pool_free 9\n"] } } },
        },
      },
    },
    handler: async (_request, reply) => {
      const { registry } = parts.metrics;
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  });
}
