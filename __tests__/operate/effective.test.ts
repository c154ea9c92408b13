import fc from "fast-check";
import pLimit from "p-limit";
import { bases } from "../../bench/parity/bases";
import { Driver, Job, type JobProps } from "../../lib";
import { effective, isImplied } from "../../lib/jobspec/host";
import { clusterForSuite } from "../support/cluster";
import { comparable } from "../support/corpus";
import { differences } from "../support/differences";
import { inheritance, settingsOf } from "../support/inheritance";
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
  // Of our own, some are made to be refused; of real ones, hardly any is.
  const hasReal = jobs.length > 100;
  expect(held).toBeGreaterThan(jobs.length * (hasReal ? 0.9 : 0.4));
  expect(wrong).toEqual([]);
});

test("what groups have from their job and tasks from their group is what a server gives them", async () => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(inheritance, async ({ type, job: outer, group, task, scaled }) => {
      const made = new Job({
        id: "drawn",
        type,
        ...settingsOf(outer),
        groups: [
          {
            name: "g",
            ...settingsOf(group),
            ...(scaled && type !== "system" && type !== "sysbatch" ? { scaling: { min: 2, max: 4 } } : {}),
            tasks: [{ name: "t", driver: Driver.rawExec({ command: "/bin/true" }), ...settingsOf({ restart: task }) }],
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
