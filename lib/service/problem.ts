import { formatProblem, placeText, UserError } from "../errors";
import { NoAnswerError, PoolOfOtherUser, TokenRefused } from "../errors";
import { ApiError } from "../nomad";
import {
  ExecutionLostError,
  LeaseEndedError,
  ManagersBehindError,
  PoolBusyError,
  RuntimeFailedError,
  SlowStoreError,
} from "../pools";

/** What went wrong, for programs: it never changes once it is published. The status belongs to it. */
export const PROBLEMS = {
  "bad-request": 400,
  unauthorized: 401,
  "several-sessions": 401,
  "scope-missing": 403,
  "other-owner": 403,
  "foreign-host": 403,
  "foreign-origin": 403,
  "ticket-refused": 403,
  "pool-without-isolation": 403,
  "not-found": 404,
  "pool-unknown": 404,
  "container-unknown": 404,
  "environment-unknown": 404,
  "session-unknown": 404,
  "credentials-missing": 404,
  "too-slow": 408,
  "lease-stale": 409,
  "lease-ended": 409,
  refused: 409,
  "body-too-large": 413,
  "media-type": 415,
  "generation-required": 428,
  "pool-busy": 429,
  "rate-limited": 429,
  "too-many-executions": 429,
  "too-many-sessions": 429,
  "headers-too-large": 431,
  internal: 500,
  "place-lost": 502,
  unavailable: 503,
  overloaded: 503,
  "managers-behind": 503,
  stopping: 503,
} as const;

/** The name of a problem. */
export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong with a request. */
export interface ProblemDetail {
  /** Where, such as `/command`. */
  readonly path: string;
  readonly message: string;
}

/** A problem as it is sent: RFC 9457, `application/problem+json`. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  /** Seconds until it is worth to ask again. */
  readonly retryAfter?: number;
  readonly errors?: readonly ProblemDetail[];
}

const TITLES: Readonly<Record<ProblemCode, string>> = {
  "bad-request": "The request is not as it should be",
  unauthorized: "A token is wanted",
  "several-sessions": "It is not known which session is meant",
  "scope-missing": "The token may not do this",
  "other-owner": "The token may not act for this owner",
  "foreign-host": "The service is asked by a name that is not its own",
  "foreign-origin": "A page of another site asks",
  "ticket-refused": "The ticket is not good for this session",
  "pool-without-isolation": "The pool keeps nothing apart and serves another owner",
  "not-found": "There is no such route",
  "pool-unknown": "The service has no such pool",
  "container-unknown": "No lease of yours stands on this container",
  "environment-unknown": "There is no such environment, or nothing of it that is called so",
  refused: "It is not done as things are",
  "session-unknown": "No browser session of yours has this id",
  "credentials-missing": "Nobody has logged in yet",
  "too-slow": "The request came too slowly",
  "lease-stale": "This is not the generation of the lease that stands",
  "lease-ended": "The lease is over",
  "body-too-large": "The body is too large",
  "media-type": "The body has a type that is not read here",
  "generation-required": "The lease's generation is wanted",
  "pool-busy": "No container is free",
  "rate-limited": "Too many requests",
  "too-many-executions": "Too many commands at once",
  "too-many-sessions": "Too many browser sessions at once",
  "headers-too-large": "The headers are too large",
  internal: "Something went wrong in the service",
  "place-lost": "The place of the command did not start, or ended under it",
  "managers-behind": "Managers of the pool have not seen it yet",
  unavailable: "The cluster does not answer",
  overloaded: "More is asked than can be answered",
  stopping: "The service is stopping",
};

/**
 * A request that is answered with a problem. Its detail is sent to whoever asked and stands in no log, so it may name what they sent; what
 * the cluster said, which may name what is nobody's business, it does not repeat.
 */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";

  constructor(
    readonly code: ProblemCode,
    detail: string,
    private readonly more: { readonly retryAfter?: number; readonly errors?: readonly ProblemDetail[] } = {},
  ) {
    super(detail);
  }

  get status(): number {
    return PROBLEMS[this.code];
  }

  /** Seconds until it is worth to ask again. */
  get retryAfter(): number | undefined {
    return this.more.retryAfter;
  }

  toBody(): ProblemBody {
    const { code, status } = this;
    return {
      type: `urn:cdk-nomad:problem:${code}`,
      title: TITLES[code],
      status,
      code,
      detail: this.message,
      ...this.more,
    };
  }
}

/** A code that HTTP's parser or Fastify has for a request, and what it is here. */
const OF_FASTIFY: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["body-too-large", "send less; the limit is in the service's documentation"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["media-type", "send JSON, with Content-Type: application/json"],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["bad-request", "the body is empty; send a JSON object"],
  FST_ERR_CTP_INVALID_JSON_BODY: ["bad-request", "the body is no JSON"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["bad-request", "the body has another length than Content-Length says"],
  HPE_HEADER_OVERFLOW: ["headers-too-large", "send fewer or shorter headers"],
};

/** A violation of a route's schema, as Ajv reports it. */
interface Violation {
  readonly instancePath: string;
  readonly message?: string;
  readonly keyword: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The name of the field that is wrong, where it is the name and not what stands there. */
  readonly propertyName?: string;
}

/** The names of the fields that a part of a request may have, by `body`, `querystring` or `params`; undefined where that is not known. */
export type KnownFields = (part: string) => readonly string[] | undefined;

/** What an error means for whoever sent the request. */
export function problemOf(error: unknown, known: KnownFields = () => undefined): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof PoolBusyError)
    return new HttpProblem("pool-busy", error.summary, { retryAfter: Math.max(1, Math.ceil(error.retryAfter / 1000)) });
  if (error instanceof LeaseEndedError)
    return new HttpProblem(
      error.reason === "stale" ? "lease-stale" : "lease-ended",
      `${LEASE_ENDS[error.reason]}; nothing was run, claim another container`,
    );
  if (error instanceof RuntimeFailedError)
    return new HttpProblem(
      "place-lost",
      `${NOT_STARTED[error.failure]}; nothing was run, and the service's log has more`,
    );
  if (error instanceof ExecutionLostError)
    return new HttpProblem("place-lost", "what the command did until then is not known; claim another container");
  if (error instanceof ManagersBehindError)
    return new HttpProblem(
      "managers-behind",
      `it is written, and ${error.managers.length} of the pool's managers have not seen it yet: they may give out containers still; the service's log names them, stop them or ask again`,
      { retryAfter: 2 },
    );
  if (error instanceof SlowStoreError)
    return new HttpProblem("unavailable", `${error.store}, which keeps the leases, answers too slowly; ask again`, {
      retryAfter: 2,
    });
  if (error instanceof NoAnswerError)
    return new HttpProblem("unavailable", `${error.api} does not answer; ask again`, { retryAfter: 2 });
  if (error instanceof ApiError)
    return new HttpProblem("unavailable", `${error.api} answered ${error.status}; the service's log has more`, {
      retryAfter: 2,
    });
  if (error instanceof TokenRefused)
    return new HttpProblem("unavailable", "the service's own token may not do this; its log has more", {
      retryAfter: 30,
    });
  if (error instanceof PoolOfOtherUser)
    return new HttpProblem(
      "pool-without-isolation",
      "whoever has one of its containers (raw_exec), or of its slots (isolation: none), reaches all of them; write that owner as yours, take a pool that keeps them apart, or, once that owner has no lease, have a warm pool recycled",
    );
  if (error instanceof UserError)
    return new HttpProblem("bad-request", error.problems.map(formatProblem).join("; "), {
      errors: error.problems.map((problem) => ({ path: placeText(problem), message: problem.message })),
    });
  return ofFastify(error, known) ?? new HttpProblem("internal", "the service's log has more, under the request's id");
}

/** Why a job of its own did not run a command. What Nomad says of it names nodes and images, which stay in the log. */
const NOT_STARTED: Readonly<Record<RuntimeFailedError["failure"], string>> = {
  placement: "no node took the job that was to run the command: none has room for it, or none has its driver",
  task: "the job that was to run the command did not start: its image or its driver failed",
  time: "the job that was to run the command did not start in its time",
};

const LEASE_ENDS: Readonly<Record<LeaseEndedError["reason"], string>> = {
  stale: "the generation that was presented is over, or never was",
  expired: "the lease was not renewed in time",
  released: "the lease was released before",
  gone: "the container has ended",
};

function ofFastify(error: unknown, known: KnownFields): HttpProblem | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, validation, validationContext, statusCode } = error as {
    readonly code?: string;
    readonly validation?: readonly Violation[];
    readonly validationContext?: string;
    readonly statusCode?: number;
  };
  if (validation) {
    const where = validationContext ?? "body";
    // What is wrong with a name is said once, with the name.
    const said = validation.filter(({ propertyName }) => propertyName === undefined);
    const errors = said.map((violation) => ofViolation(violation, known(where)));
    const detail = errors.map(({ path, message }) => `${path || where} ${message}`).join("; ");
    return new HttpProblem("bad-request", detail, { errors });
  }
  const usual = OF_FASTIFY[code ?? ""];
  if (usual) return new HttpProblem(...usual);
  return statusCode === 400 ? new HttpProblem("bad-request", "the request cannot be read") : undefined;
}

/** The value itself is not repeated. */
function ofViolation(
  { instancePath, message = "is wrong", keyword, params }: Violation,
  known: readonly string[] | undefined,
): ProblemDetail {
  if (keyword === "additionalProperties") {
    // A name with a slip is repeated; what looks like no name may be a key in the wrong place.
    const name = /^[A-Za-z_]{1,30}$/.exec(String(params?.additionalProperty))?.[0];
    const fields = instancePath === "" && known ? `; write one of ${known.join(", ")}` : "";
    return {
      path: instancePath,
      message: `${name ? `has "${name}", which is not known` : "has a field that is not known"}${fields}`,
    };
  }
  if (keyword === "propertyNames") {
    // As above: what has digits may be a key in the place of its name.
    const name = /^[A-Za-z_.-]{1,30}$/.exec(String(params?.propertyName))?.[0];
    const which = name === undefined ? "a name" : `the name "${name}"`;
    return {
      path: instancePath,
      message: `has ${which} that no variable can have; write letters, digits and underscores, no digit first`,
    };
  }
  if (keyword === "enum" && Array.isArray(params?.allowedValues))
    return { path: instancePath, message: `is none of ${params.allowedValues.join(", ")}` };
  // Of a pattern nobody learns what to write instead.
  if (keyword === "pattern") return { path: instancePath, message: "holds a character that is not allowed here" };
  return { path: instancePath, message };
}
