import * as v from "valibot";

// The shapes of what the page asks, each once: routes check by them, the OpenAPI document shows them, and the page's own code has their types.

const text = v.string();
const count = v.number();
const described = <S extends v.GenericSchema>(schema: S, description: string) =>
  v.pipe(schema, v.description(description));

const jobState = v.picklist([
  "healthy",
  "ready",
  "running",
  "complete",
  "deploying",
  "waiting-for-promotion",
  "degraded",
  "failed",
  "stopped",
  "missing",
  "unknown",
]);

const reason = v.object({
  kind: text,
  group: v.optional(text),
  task: v.optional(text),
  allocation: v.optional(text),
  message: described(text, "A whole sentence."),
});

const task = v.object({ name: text, state: text, failed: v.boolean(), restarts: count, last: text });

const allocation = v.object({
  id: text,
  name: text,
  group: text,
  status: text,
  healthy: v.optional(described(v.boolean(), "What its deployment found. Absent where nothing says so.")),
  canary: v.boolean(),
  version: count,
  node: text,
  tasks: v.array(task),
});
export type Allocation = v.InferOutput<typeof allocation>;

const group = v.object({
  name: text,
  desired: v.optional(count),
  running: count,
  starting: count,
  queued: count,
  complete: v.optional(count),
  failed: v.optional(count),
});

const deployment = v.object({
  id: text,
  version: v.optional(count),
  status: text,
  description: text,
  canaries: described(count, "Canaries that wait until somebody promotes them; 0 where none do."),
  healthyCanaries: count,
});

const child = v.object({ job: text, state: jobState, submitted: v.optional(text), reasons: v.array(reason) });

/** A job as `cdk-nomad status --json` has it, with its allocations. */
const job = v.object({
  key: described(
    text,
    "What tells it from jobs of the same id in other regions and namespaces, and names it in events.",
  ),
  job: text,
  region: v.optional(text),
  namespace: v.optional(text),
  state: jobState,
  version: v.optional(count),
  submitted: v.optional(described(text, "When that version was submitted: ISO 8601.")),
  revert: v.optional(described(text, "That it runs a version which it was taken back to, in words.")),
  stray: described(
    v.boolean(),
    "Whether the stack brought it, and the program of its last deployment has it no longer.",
  ),
  groups: v.array(group),
  reasons: v.array(reason),
  deployment: v.optional(deployment),
  children: v.optional(v.object({ pending: count, running: count, ended: count, newest: v.array(child) })),
  allocations: v.array(allocation),
});
export type Job = v.InferOutput<typeof job>;

const verdict = v.picklist(["failed", "unknown", "going-on", "waiting-for-promotion", "healthy"]);
export type Verdict = v.InferOutput<typeof verdict>;

const environment = v.object({
  id: described(text, "As its address has it."),
  project: described(text, "The project's identity, as records have it."),
  projectName: described(v.optional(text), "What people call the project. Absent where its record does not say it."),
  environment: text,
  owner: described(v.optional(text), "terraform or cdk-nomad. Absent where it was never deployed."),
  jobs: described(count, "How many jobs its record has."),
  recorded: described(
    v.optional(v.boolean()),
    "Whether the cluster has a record of it: one that was never deployed has none. Absent where the records cannot be read, so that it is not known.",
  ),
  program: described(v.boolean(), "Whether its program is here, so that drift can be told."),
});
export type Environment = v.InferOutput<typeof environment>;

export const environmentList = v.object({
  environments: v.array(environment),
  unread: described(v.array(text), "What could not be read, so that some may be missing."),
});
export type EnvironmentList = v.InferOutput<typeof environmentList>;

export const environmentStatus = v.object({
  id: text,
  verdict: described(verdict, "The worst of its jobs, as the exit code of cdk-nomad status says it."),
  jobs: v.array(job),
});
export type EnvironmentStatus = v.InferOutput<typeof environmentStatus>;

export const environmentParams = v.strictObject({ id: v.pipe(text, v.minLength(1), v.maxLength(200)) });
export const jobParams = v.strictObject({
  ...environmentParams.entries,
  job: v.pipe(text, v.minLength(1), v.maxLength(200)),
});

export const promoteRequest = v.strictObject({
  deployment: described(
    v.pipe(text, v.minLength(1), v.maxLength(64)),
    "The deployment that was looked at: another one is not promoted.",
  ),
  region: v.optional(v.pipe(text, v.maxLength(128))),
  namespace: v.optional(v.pipe(text, v.maxLength(128))),
});
export const promoted = v.object({ job: text, deployment: text });

export const logsQuery = v.strictObject({
  job: described(v.pipe(text, v.minLength(1), v.maxLength(200)), "The job whose task it is."),
  region: v.optional(v.pipe(text, v.maxLength(128))),
  namespace: v.optional(v.pipe(text, v.maxLength(128))),
  allocation: v.pipe(text, v.regex(/^[0-9a-f-]{8,36}$/)),
  task: v.pipe(text, v.minLength(1), v.maxLength(128)),
  stream: v.optional(described(v.picklist(["stdout", "stderr"]), "Default: stdout.")),
});
export const taskLog = v.object({
  text: described(text, "The last of what it wrote, 64 KiB at most, with secrets hidden."),
  isWhole: described(v.boolean(), "Whether there is nothing before it."),
});
export type TaskLog = v.InferOutput<typeof taskLog>;

export const followQuery = v.strictObject({
  ...logsQuery.entries,
  from: v.optional(
    described(
      v.pipe(text, v.regex(/^\d{1,9}\.\d{1,15}$/)),
      "The position of the last lines that were told: it goes on behind them. Default: it begins with the last 128 KiB.",
    ),
  ),
});

/** What the stream of a task's output tells the page, by the name of the event. */
export interface LogEvents {
  /** Whole lines, and where whoever was cut off goes on. */
  readonly lines: { readonly text: string; readonly position: string };
  /** The line that has no end yet, in the place of what was told of it before. */
  readonly open: { readonly text: string };
  /** What the task did not write, such as that something is left out. */
  readonly note: { readonly message: string };
  /** `waiting`: the task has not started; `cut`: its output does not come just now; `ended`: nothing more comes. */
  readonly state: { readonly state: "following" | "waiting" | "cut" | "ended"; readonly message: string };
}

const where = { region: v.optional(text), namespace: v.optional(text) };

const field = v.object({
  place: text,
  before: v.optional(described(text, "As the cluster has it.")),
  after: v.optional(described(text, "As the program says.")),
  lines: v.optional(described(text, "Of texts of several lines: those that differ, as diff -u shows them.")),
});
export const drift = v.object({
  drifted: v.boolean(),
  unchanged: count,
  jobs: v.array(
    v.object({
      job: text,
      ...where,
      drift: text,
      fields: v.array(field),
      groups: described(v.array(text), "What is missing of its groups, in words."),
    }),
  ),
  consul: v.array(v.object({ kind: text, name: text, change: text, fields: v.array(field) })),
  strays: v.array(v.object({ job: text, ...where })),
  leftovers: v.array(v.object({ kind: text, name: text })),
  foreign: v.array(v.object({ job: text, ...where, owner: text })),
  unknown: v.array(text),
});
export type Drift = v.InferOutput<typeof drift>;

/** What the stream of events tells the page, by the name of the event. */
export interface PageEvents {
  /** One job of the environment that is looked at. */
  readonly job: Job;
  /** The verdict of all of its jobs. */
  readonly verdict: { readonly verdict: Verdict; readonly jobs: readonly string[] };
  /** What stands in the way of knowing it; without a message nothing does any more. */
  readonly trouble: { readonly message?: string };
}
