import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { PROBLEMS, type ProblemCode } from "./problem";
import { SCOPES } from "./facts";

// The shapes of what is asked and answered, each once: the types, the checks and the OpenAPI document are made of them.

const MINUTE = 60_000;
/** The longest command, and the longest standard input, in characters. */
const LONGEST_TEXT = 1024 * 1024;

const described = <S extends v.GenericSchema>(schema: S, description: string) =>
  v.pipe(schema, v.description(description));
const milliseconds = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

const NAMED = "What cannot be the name of a variable is refused.";
/** No text that reaches a shell or a process holds a NUL. */
const WITHOUT_NUL = /^[^\0]*$/;
// Bodies are checked by the JSON Schema that is made of it, and nothing of them is left out.
// eslint-disable-next-line no-restricted-syntax
const environment = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/)),
  v.pipe(v.string(), v.maxLength(128 * 1024), v.regex(WITHOUT_NUL)),
);
/** Half a surrogate pair is kept as another sign, the same for all: two owners would be one. */
const WELL_FORMED = /^(?:[^\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*$/;
const owner = v.pipe(v.string(), v.minLength(1), v.maxLength(256), v.regex(WELL_FORMED));
const command = described(
  v.pipe(v.string(), v.minLength(1), v.maxLength(LONGEST_TEXT), v.regex(WITHOUT_NUL)),
  "A line of shell, run by /bin/sh. It is data for the service, whatever stands in it.",
);
const timeout = described(
  milliseconds(1, 24 * 60 * MINUTE),
  "Milliseconds until it is killed with everything that it started. Default: 300000.",
);
const generation = described(
  v.pipe(v.number(), v.integer(), v.minValue(0)),
  "The lease's generation, where it is not sent as the header Lease-Generation.",
);
const isolation = described(
  v.picklist(["container", "chroot", "sandbox", "none"]),
  "What keeps commands apart from those of others on the same machine; none: nothing does.",
);

const encoding = described(
  v.picklist(["utf8", "base64"]),
  "How pieces of output are written where they are streamed. Default: utf8.",
);

const provider = v.picklist(["openai", "anthropic", "google"]);

export const executeRequest = v.strictObject({
  userId: described(owner, "Whose command it is: the token's owner, or anybody with the scope any-owner."),
  provider: described(provider, "Whose models the command talks to: says which pool."),
  command,
  credentials: v.optional(
    described(environment, `Secret environment variables; they stand in no job, argument or log. ${NAMED}`),
  ),
  env: v.optional(described(environment, `Environment variables. ${NAMED}`)),
  stdin: v.optional(
    described(v.pipe(v.string(), v.maxLength(LONGEST_TEXT)), "What the command reads. Default: nothing."),
  ),
  timeout: v.optional(timeout),
  wait: v.optional(
    described(
      milliseconds(0, MINUTE),
      "Milliseconds to wait for a container of the pool before a job is started. Default: 0.",
    ),
  ),
  startTimeout: v.optional(
    described(
      milliseconds(1000, 10 * MINUTE),
      "Milliseconds that a job of its own may take to start, where it comes to that. Default: 60000.",
    ),
  ),
  encoding: v.optional(encoding),
});

const result = {
  exitCode: described(
    v.pipe(v.number(), v.integer()),
    "The command's own; 124 where it ran out of time, 130 where it was cancelled.",
  ),
  ended: v.picklist(["exited", "timeout", "cancelled"]),
  stdout: described(v.string(), "The beginning of what it wrote, up to 1 MiB."),
  stderr: v.string(),
  truncated: described(v.boolean(), "Whether something was dropped beyond the limit."),
  duration: described(v.number(), "Milliseconds."),
  isolation,
};

export const executeAnswer = v.object({
  success: described(v.boolean(), "Whether the command ended with 0."),
  warm: described(v.boolean(), "Whether a container of a pool ran it; else a job of its own did."),
  containerId: described(v.string(), "The container that ran it, or the job where it was not warm."),
  ...result,
});

export const claimRequest = v.strictObject({
  pool: described(v.pipe(v.string(), v.minLength(1), v.maxLength(128)), "The pool's name."),
  owner: v.optional(described(owner, "Whose it will be. Default: the token's owner.")),
  ttl: v.optional(
    described(
      milliseconds(5000, 60 * MINUTE),
      "Milliseconds that the lease stands without a call that presents it. Default: 60000.",
    ),
  ),
  wait: v.optional(described(milliseconds(0, MINUTE), "Milliseconds to wait where none is free. Default: 0.")),
});

export const container = v.object({
  id: described(v.string(), "What later calls name."),
  pool: v.string(),
  owner: v.string(),
  generation: described(
    v.pipe(v.number(), v.integer()),
    "What later calls present: it is refused once somebody else has the container.",
  ),
  ttl: described(v.number(), "Milliseconds that the lease stands without a call."),
  isolation: v.optional(isolation),
});

export const containerList = v.object({ containers: v.array(container) });

export const runRequest = v.strictObject({
  command,
  generation: v.optional(generation),
  env: v.optional(described(environment, `Environment variables. ${NAMED}`)),
  secrets: v.optional(
    described(environment, `Secret environment variables; they stand in no job, argument or log. ${NAMED}`),
  ),
  stdin: v.optional(
    described(v.pipe(v.string(), v.maxLength(LONGEST_TEXT)), "What the command reads. Default: nothing."),
  ),
  cwd: v.optional(
    described(
      v.pipe(v.string(), v.minLength(1), v.maxLength(4096), v.regex(WITHOUT_NUL)),
      "The folder that it starts in. Default: the workspace.",
    ),
  ),
  timeout: v.optional(timeout),
  encoding: v.optional(encoding),
});

export const runAnswer = v.object(result);

export const renewRequest = v.strictObject({ generation: v.optional(generation) });

export const containerParams = v.strictObject({ id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)) });
export const poolParams = v.strictObject({ pool: v.pipe(v.string(), v.minLength(1), v.maxLength(128)) });
export const listQuery = v.strictObject({
  all: v.optional(described(v.picklist(["true", "false"]), "Those of every owner; wants the scope any-owner.")),
});

const poolFigures = v.object({
  pool: v.string(),
  free: v.number(),
  leased: v.number(),
  coming: v.number(),
  target: v.number(),
  queue: v.number(),
  draining: v.boolean(),
  upToDate: described(
    v.boolean(),
    "Whether the service knows how it does now. Where it does not, since Nomad or the store of the leases does not answer, the other figures are of before.",
  ),
});
export const poolList = v.object({ pools: v.array(poolFigures) });
export const filled = v.object({ pool: v.string() });
export const resizeRequest = v.strictObject({
  containers: described(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)), "How many it is to have."),
});
export const resized = v.object({ pool: v.string(), containers: v.number() });
const known = v.optional(described(v.number(), "Absent where it was not known."));
/** A pool at one moment, and how its claims did between the moment before and this one. */
const poolSample = v.object({
  age: described(v.number(), "Milliseconds that went by since, until the answer."),
  free: known,
  leased: known,
  coming: known,
  target: known,
  queue: known,
  claims: described(v.number(), "Claims that were answered, and those that found nothing free."),
  hitRate: v.optional(
    described(v.number(), "The part of them that a container of the pool answered. Absent where there was none."),
  ),
  median: v.optional(
    described(v.number(), "Milliseconds that half of the warm ones took at most. Absent where there was none."),
  ),
  p99: v.optional(described(v.number(), "Milliseconds that 99 of 100 warm ones took at most.")),
});
export const poolHistory = v.object({
  pool: v.string(),
  interval: described(v.number(), "Milliseconds between two of them."),
  samples: described(v.array(poolSample), "The oldest first."),
});
export type PoolSample = v.InferOutput<typeof poolSample>;

export const sessionRequest = v.strictObject({
  oneTimeToken: v.optional(
    described(v.pipe(v.string(), v.maxLength(200)), "As the program that opens the page has it."),
  ),
});
export const session = v.object({
  owner: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  browserSessions: described(v.boolean(), "Whether this service hands out browser sessions."),
});
export const oneTimeToken = v.object({ oneTimeToken: v.string() });
export const drained = v.object({ pool: v.string(), leased: described(v.number(), "Leases that go on.") });
export const recycled = v.object({
  pool: v.string(),
  replaced: described(v.number(), "Containers that are replaced now."),
});

const provided = described(
  v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  "Where the person logs in, such as google.",
);
export const browserRequest = v.strictObject({
  userId: described(owner, "Whose session it is: the token's owner, or anybody with the scope any-owner."),
  provider: provided,
  url: described(
    v.pipe(v.string(), v.minLength(1), v.maxLength(8192), v.regex(/^https?:\/\/[\x21-\x7e]+$/)),
    "The page that is opened, https:// or http://; it reaches the machine alone, and stands in no job or log.",
  ),
  ttl: v.optional(
    described(
      milliseconds(10_000, 60 * MINUTE),
      "Milliseconds that it stands without a call that presents it, and without anybody who looks at it. Default: 600000.",
    ),
  ),
  wait: v.optional(described(milliseconds(0, MINUTE), "Milliseconds to wait where no place is free. Default: 0.")),
  startTimeout: v.optional(
    described(
      milliseconds(1000, 10 * MINUTE),
      "Milliseconds that the machine may take until its browser has the page. Default: 120000.",
    ),
  ),
});
export const browserSession = v.object({
  id: described(v.string(), "What later calls name; it never comes back."),
  owner: v.string(),
  provider: v.string(),
  address: described(v.string(), "The machine's own, which no other session has."),
  ttl: described(v.number(), "Milliseconds that it stands without a call."),
});
export const browserSessionList = v.object({ sessions: v.array(browserSession) });
export const sessionParams = v.strictObject({ session: v.pipe(v.string(), v.minLength(1), v.maxLength(32)) });
export const credentialsQuery = v.strictObject({
  wait: v.optional(
    described(
      v.pipe(v.string(), v.regex(/^(?:[1-5]?\d{1,4}|60000)$/)),
      "Milliseconds to wait for a login. Default: 0.",
    ),
  ),
});
export const browserCredentials = v.object({
  // eslint-disable-next-line no-restricted-syntax -- as above
  credentials: described(v.record(v.string(), v.string()), "By name, as the login's last address has them."),
});
export const browserTicket = v.object({
  ticket: v.string(),
  page: described(v.string(), "The page that shows the session, below the service's address."),
  lifetime: described(v.number(), "Milliseconds that it is good for, once."),
});

export const health = v.object({ status: v.picklist(["ok"]) });
export const readiness = v.object({ status: v.picklist(["ready", "not-ready"]) });
export const dependencyList = v.object({
  dependencies: v.array(v.object({ name: v.string(), ok: v.boolean(), message: v.optional(v.string()) })),
});

/** The name of the schema of problems, which every route has. */
export const PROBLEM = "Problem";
export const problem = v.object({
  type: v.string(),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: v.picklist(Object.keys(PROBLEMS) as ProblemCode[]),
  detail: v.string(),
  retryAfter: v.optional(described(v.number(), "Seconds until it is worth to ask again.")),
  errors: v.optional(v.array(v.object({ path: v.string(), message: v.string() }))),
});

/** A problem as a client reads it: a service that is newer may have codes that are not known here, and they are kept as they are. */
export const anyProblem = v.object({ ...problem.entries, code: v.string() });

const { stdout: _stdout, stderr: _stderr, ...withoutOutput } = result;
/** A line of the streamed answer. Of `execute` the last one says too where it ran. */
export const runEvent = v.variant("type", [
  v.object({ type: v.literal("stdout"), data: v.string() }),
  v.object({ type: v.literal("stderr"), data: v.string() }),
  /** Before the command runs: what it waits for. */
  v.object({ type: v.literal("progress"), message: v.string() }),
  v.object({
    type: v.literal("exit"),
    ...withoutOutput,
    warm: v.optional(v.boolean()),
    containerId: v.optional(v.string()),
  }),
  v.object({ type: v.literal("error"), problem: anyProblem }),
]);
export type RunEvent = v.InferOutput<typeof runEvent>;

/** A schema as JSON Schema, as Fastify and OpenAPI 3.1 read it. */
export function jsonSchema(schema: v.GenericSchema, example?: unknown): Record<string, unknown> {
  const { $schema: _, ...rest } = toJsonSchema(schema, { errorMode: "throw" });
  return example === undefined ? rest : { ...rest, examples: [example] };
}
