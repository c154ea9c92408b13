import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type * as v from "valibot";
import type { CommandsOf } from "./authorize";
import { PROBLEMS, type ProblemCode } from "./problem";
import { jsonSchema, PROBLEM } from "./schemas";
import type { Scope } from "./facts";

type Schema = v.GenericSchema<unknown>;
type Out<S> = S extends Schema ? v.InferOutput<S> : undefined;

/** A route as it is written down: its schemas say its types, its checks and its place in the document. */
export interface RouteDefinition<P, Q, B, A> {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  /** The name of the operation in the document. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** `public`: no token is wanted; `any`: a token is, whatever it may do. */
  readonly scope: Scope | "any" | "public";
  /** Whether a browser asks it before it has a session. Default: it does not. */
  readonly page?: "asked";
  /** Whether the audit log has a line for each request; `noted`: only where the route notes something. Default: it has for those that change something. */
  readonly audit?: boolean | "noted";
  /** Whose commands it runs, where it runs any: where too many run, it is refused before its body is read. Default: it runs none. */
  readonly runs?: CommandsOf;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The largest body, in bytes. Default: the service's. */
  readonly bodyLimit?: number;
  /** Headers that are read, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  /** An example of a body. */
  readonly example?: unknown;
  /** The answer where all goes well, with an example; undefined: none (204). */
  readonly answer: A;
  readonly answerExample?: unknown;
  /** The status where all goes well. Default: 200, and 204 without an answer. */
  readonly status?: number;
  /** Further answers, by status: another description of a body. */
  readonly answers?: Readonly<Record<number, Schema>>;
  /** Further types of the good answer, such as `application/x-ndjson`, with what they hold. */
  readonly types?: Readonly<Record<string, string>>;
  /** What it may refuse beside what every route may. */
  readonly problems?: readonly ProblemCode[];
  handle(given: {
    readonly params: Out<P>;
    readonly query: Out<Q>;
    readonly body: Out<B>;
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
  }): Promise<A extends Schema ? v.InferOutput<A> | FastifyReply : void | FastifyReply>;
}

/** What every route may refuse. */
const USUAL: readonly ProblemCode[] = ["bad-request", "internal", "stopping"];
const WITH_TOKEN: readonly ProblemCode[] = [
  "unauthorized",
  "several-sessions",
  "scope-missing",
  "rate-limited",
  "unavailable",
];
/** What every route that is read, and not public, may. */
const READ: readonly ProblemCode[] = ["overloaded"];

/** Adds a route. */
export function route<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  A extends Schema | undefined = undefined,
>(app: FastifyInstance, definition: RouteDefinition<P, Q, B, A>): void {
  const { method, url, id, summary, description, scope, params, query, body, headers, answer, types = {} } = definition;
  const status = definition.status ?? (answer ? 200 : 204);
  const withToken = method === "GET" ? [...WITH_TOKEN, ...READ] : WITH_TOKEN;
  const problems = [...USUAL, ...(scope === "public" ? [] : withToken), ...(definition.problems ?? [])];
  app.route({
    method,
    url,
    ...(definition.bodyLimit === undefined ? {} : { bodyLimit: definition.bodyLimit }),
    config: {
      scope,
      runs: definition.runs,
      page: definition.page,
      audit: (definition.audit ?? method !== "GET") ? id : undefined,
      auditNoted: definition.audit === "noted",
    },
    schema: {
      operationId: id,
      summary,
      ...(description === undefined ? {} : { description }),
      ...(scope === "public" ? { security: [] } : { security: [{ token: scope === "any" ? [] : [scope] }] }),
      ...(params ? { params: jsonSchema(params) } : {}),
      ...(query ? { querystring: jsonSchema(query) } : {}),
      ...(headers ? { headers: headersSchema(headers) } : {}),
      ...(body ? { body: jsonSchema(body, definition.example) } : {}),
      response: {
        [status]: answer
          ? {
              description: summary,
              content: {
                "application/json": { schema: jsonSchema(answer, definition.answerExample) },
                ...Object.fromEntries(
                  Object.entries(types).map(([type, what]) => [
                    type,
                    { schema: { type: "string", description: what } },
                  ]),
                ),
              },
            }
          : { description: summary, type: "null" },
        ...Object.fromEntries(
          Object.entries(definition.answers ?? {}).map(([code, schema]) => [
            code,
            { description: summary, content: { "application/json": { schema: jsonSchema(schema) } } },
          ]),
        ),
        ...problemAnswers(problems, definition.answers ?? {}),
      },
    },
    // What is missing of a body that was not sent is told by its names; where nothing of it is required, none has to be sent.
    preValidation: (request, _reply, done) => {
      if (body && request.body === undefined) request.body = {};
      done();
    },
    handler: async (request, reply) => {
      // Fastify has checked them against the very schemas that the types are of.
      const given = { params: request.params as Out<P>, query: request.query as Out<Q>, body: request.body as Out<B> };
      const answered = await definition.handle({ ...given, request, reply });
      if (answered === reply || reply.sent) return reply;
      return reply.code(status).send(answered);
    },
  });
}

function headersSchema(headers: Readonly<Record<string, string>>): Record<string, unknown> {
  const properties = Object.entries(headers).map(([name, text]) => [name, { type: "string", description: text }]);
  return { type: "object", properties: Object.fromEntries(properties) as unknown };
}

function problemAnswers(codes: readonly ProblemCode[], answers: Readonly<Record<number, Schema>>) {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) byStatus.set(PROBLEMS[code], [...(byStatus.get(PROBLEMS[code]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in answers))
      .map(([status, some]) => [
        status,
        {
          description: `A problem: ${[...new Set(some)].join(", ")}.`,
          content: { "application/problem+json": { schema: { $ref: `${PROBLEM}#` } } },
        },
      ]),
  );
}
