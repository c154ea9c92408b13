import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { NoAnswerError } from "../errors";
import { ApiError } from "../nomad";
import { HttpProblem, problemOf } from "./problem";

/** How long a connection is left open for whoever reads why it ends, in milliseconds. */
const LAST_WORD = 1000;

/** How the server treats connections: slow and malformed requests cost it little, and everybody else nothing. */
export const httpSettings = {
  genReqId: () => randomUUID(),
  /** Within so many milliseconds a request has come in whole; how long it is answered is not limited by it. */
  requestTimeout: 30_000,
  return503OnClosing: false,
  forceCloseConnections: "idle" as const,
  routerOptions: { maxParamLength: 256 },
  http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, connectionsCheckingInterval: 1000 },
  /** What no route is looked for with: Fastify's own answer would repeat the path. */
  frameworkErrors(_error: Error, request: FastifyRequest, reply: FastifyReply) {
    const problem = new HttpProblem(
      "bad-request",
      "the path cannot be read, or names something that is longer than 256 characters",
    );
    reply.code(problem.status).header("x-request-id", request.id).type("application/problem+json");
    reply.serializer(JSON.stringify).send(problem.toBody());
  },
  ajv: { customOptions: { coerceTypes: false as const, removeAdditional: false as const, allErrors: false } },
  clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket) {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const problem =
      error.code === "HPE_HEADER_OVERFLOW"
        ? problemOf(error)
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? new HttpProblem("too-slow", "send all of it within 30 s, and its headers within 10 s")
          : new HttpProblem("bad-request", "this is no HTTP request");
    const body = JSON.stringify(problem.toBody());
    const head = `HTTP/1.1 ${problem.status} Problem\r\nContent-Type: application/problem+json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    socket.end(head + body);
    // Whoever reads nothing, and closes nothing, would keep the connection.
    setTimeout(() => socket.destroy(), LAST_WORD).unref();
  },
};

/** Headers of which two readers, such as a proxy and this server, might each believe another one. */
const SINGLE = ["authorization", "host", "content-type", "lease-generation"];

/**
 * Refuses what could be read in two ways.
 *
 * @throws HttpProblem for a header that stands twice, and for a request that names its server in its first line, as those to a proxy do
 */
export function refuseAmbiguous({ raw }: Pick<FastifyRequest, "raw">): void {
  if (!raw.url?.startsWith("/"))
    throw new HttpProblem("bad-request", "write a path into the first line; the service is no proxy");
  const names = raw.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const twice = SINGLE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw new HttpProblem("bad-request", `the header ${twice} stands twice; send it once`);
}

/**
 * What the log says of a request: its route as it is written in the document, and nothing of what was sent. Bodies hold credentials, and ids and
 * addresses may be anything, so none of them is ever logged.
 */
export function requestFields(request: FastifyRequest, reply: FastifyReply) {
  return {
    method: request.method,
    route: request.routeOptions.url ?? "none",
    status: reply.statusCode,
    milliseconds: Math.round(reply.elapsedTime * 10) / 10,
    caller: request.caller?.token,
  };
}

/** What the log says of an error: where it came from. Its message may repeat what somebody sent, so it is left out. */
export function errorFields(error: unknown): ErrorFields {
  if (error instanceof NoAnswerError) return fields(error.name, `${error.api} is ${error.kind}`);
  if (error instanceof ApiError)
    return fields(error.name, `${error.api} answered ${error.status} to a ${error.method}`);
  if (error instanceof HttpProblem) return fields(error.name, error.code);
  if (!(error instanceof Error)) return fields(typeof error, "");
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const { code } = error as NodeJS.ErrnoException;
  return fields(error.name, typeof code === "string" ? code : "", frames.slice(0, 8));
}

/** An error in the log, in the shape that pino has for one. */
interface ErrorFields {
  readonly [name: string]: unknown;
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

function fields(type: string, message: string, frames: readonly string[] = []): ErrorFields {
  return { type, message, stack: frames.map((line) => line.trim()).join("\n") };
}
