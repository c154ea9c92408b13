import fc from "fast-check";
import pLimit from "p-limit";
import { bases } from "../../bench/parity/bases";
import { Driver, Duration, Job, Migrate, Reschedule, Restart, Update, type JobProps } from "../../lib";
import { effective, isImplied } from "../../lib/jobspec/host";
import { clusterForSuite } from "../support/cluster";
import { comparable } from "../support/corpus";
import { Project } from "../support/project";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, access: "open" });

type Json = Record<string, unknown>;

// Jobs are registered and read back alone: some of the real ones crash a scheduler.
beforeAll(async () => {
  const body = JSON.stringify({ SchedulerAlgorithm: "binpack", PauseEvalBroker: true });
  const { ok } = await cluster.ask("nomad", "/v1/operator/scheduler/configuration", { method: "PUT", body });
  if (!ok) throw new Error("the evaluations of the cluster cannot be paused");
});

/** The job as the server holds it once it is registered; undefined where it refuses it. */
async function registered(job: Json): Promise<Json | undefined> {
  const of = `?namespace=${encodeURIComponent(String(job.Namespace || "default"))}`;
  const path = `/v1/job/${encodeURIComponent(String(job.ID))}${of}`;
  const written = await cluster.ask("nomad", `/v1/jobs${of}`, { method: "PUT", body: JSON.stringify({ Job: job }) });
  if (!written.ok) return undefined;
  const held = (await (await cluster.ask("nomad", path)).json()) as Json;
  await cluster.ask("nomad", `${path}&purge=true`, { method: "DELETE" });
  return held;
}

/** What only a server knows, or makes out of chance. */
const OF_THE_SERVER =
  /^(?:Status|StatusDescription|Stable|Version|SubmitTime|CreateIndex|ModifyIndex|JobModifyIndex|NomadTokenID|Target|Update)$/;
/** A port that a server makes for an exposed check. */
const EXPOSED = /^svc_.*_ck_\w{6}$/;

/** Two jobs in one form: without what only a server knows, in which nothing is the same as the empty value. */
function inOneForm(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const meant = value.filter((item) => !(key === "Constraints" && isImplied(item as Json)) && !isOfExposed(item));
    return meant.map((item) => inOneForm(item));
  }
  if (typeof value !== "object" || value === null) return typeof value === "string" && EXPOSED.test(value) ? "" : value;
  const isPolicy = "Policy" in value;
  const isService = "AddressMode" in value;
  const entries = Object.entries(value)
    .filter(([name]) => !(isPolicy ? /^(?:ID|CreateIndex|ModifyIndex|Target|Namespace)$/ : /^$/).test(name))
    .filter(([name]) => !(isService && name === "Namespace"))
    // Nomad's keys of a link of the user interface, and what it no longer keeps.
    .map(([name, item]) => [name === "Url" ? "URL" : name, inOneForm(item, name)] as const)
    .filter(([name, item]) => name !== "DiskMB" && name !== "MaxRunDuration" && !isEmpty(item));
  return Object.fromEntries(entries);
}

function isOfExposed(item: unknown): boolean {
  const { Label, ListenerPort } = (item ?? {}) as Json;
  return [Label, ListenerPort].some((name) => typeof name === "string" && EXPOSED.test(name));
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}

function top(job: unknown): unknown {
  return comparable(
    Object.fromEntries(Object.entries(inOneForm(job) as Json).filter(([key]) => !OF_THE_SERVER.test(key))),
  );
}

test("what a job comes to is what a server holds of it", async () => {
  const jobs = await bases();
  const limit = pLimit(4);
  let held = 0;
  const wrong: string[] = [];
  await Promise.all(
    jobs.map(({ name, job }, index) =>
      limit(async () => {
        // Several files hold a job of one id.
        const own = { ...job, ID: `${String(job.ID)}-${index}`, Name: job.Name ?? job.ID };
        const there = await registered(own);
        if (!there) return;
        held += 1;
        const ours = top(effective(Job.fromApi(own)));
        wrong.push(...differences(ours, top(there)).map((difference) => `${name} ${difference}`));
      }),
    ),
  );
  console.log(`${held} of ${jobs.length} jobs were registered and read back`);
  expect(held).toBeGreaterThan(jobs.length * 0.9);
  expect(wrong).toEqual([]);
});

/** Where two values differ, with both. */
function differences(ours: unknown, theirs: unknown, at = ""): readonly string[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  if (!isBranch(ours) || !isBranch(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return [`${at}: ${JSON.stringify(ours)} is ${JSON.stringify(theirs)}`];
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].flatMap((key) => differences((ours as Json)[key], (theirs as Json)[key], `${at}.${key}`));
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Some of the settings, each with one of a few values. */
function someOf(values: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<object | undefined> {
  const entries = Object.entries(values).map(([name, of]) => [name, fc.constantFrom(...of)] as const);
  return fc.option(fc.record(Object.fromEntries(entries), { requiredKeys: [] }), { nil: undefined });
}

const [short, long] = [Duration.seconds(20), Duration.minutes(8)];
const update = someOf({
  maxParallel: [1, 2, 3],
  canary: [0, 1],
  autoRevert: [true, false],
  minHealthyTime: [short, Duration.seconds(10)],
  healthyDeadline: [long, Duration.minutes(5)],
  progressDeadline: [Duration.minutes(10), Duration.minutes(20)],
});
const restart = someOf({
  attempts: [0, 2, 3],
  mode: ["fail", "delay"],
  interval: [Duration.minutes(30), Duration.hours(24)],
  delay: [Duration.seconds(15), short],
  renderTemplates: [true, false],
});
const reschedule = someOf({ attempts: [0, 1, 2], unlimited: [true, false], interval: [long, Duration.hours(24)] });
const migrate = someOf({ maxParallel: [1, 2], minHealthyTime: [short, Duration.seconds(10)] });
const drawn = fc.record({
  type: fc.constantFrom("service", "batch", "system", "sysbatch"),
  job: fc.record({ update, reschedule, migrate }),
  group: fc.record({ update, reschedule, migrate, restart }),
  task: restart,
  scaled: fc.boolean(),
});

test("what groups have from their job and tasks from their group is what a server gives them", async () => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async ({ type, job: outer, group, task, scaled }) => {
      const made = new Job({
        id: "drawn",
        type,
        ...blocksOf(outer),
        groups: [
          {
            name: "g",
            ...blocksOf(group),
            ...(scaled && type !== "system" && type !== "sysbatch" ? { scaling: { min: 2, max: 4 } } : {}),
            tasks: [
              { name: "t", driver: Driver.rawExec({ command: "/bin/true" }), restart: task && new Restart(task) },
            ],
          },
        ],
      } as JobProps);
      const there = await registered(made.toApi().Job);
      if (!there) return;
      held += 1;
      expect(top(effective(made))).toEqual(top(there));
    }),
    { numRuns: 400 },
  );
  expect(held).toBeGreaterThan(30);
});

function blocksOf(given: Readonly<Record<string, object | undefined>>) {
  const classes = { update: Update, restart: Restart, reschedule: Reschedule, migrate: Migrate } as const;
  return Object.fromEntries(
    Object.entries(given).map(([name, props]) => [name, props && new classes[name as keyof typeof classes](props)]),
  );
}
