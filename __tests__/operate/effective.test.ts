import fc from "fast-check";
import pLimit from "p-limit";
import { bases } from "../../bench/parity/bases";
import { Driver, Job, type JobProps } from "../../lib";
import { effective } from "../../lib/jobspec/host";
import { clusterForSuite } from "../support/cluster";
import { differences } from "../support/differences";
import { asRegistered } from "../support/as-registered";
import { inheritance, settingsOf } from "../support/inheritance";
import { Project } from "../support/project";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, acl: "open" });

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
        const ours = asRegistered(effective(Job.fromApi(own)));
        wrong.push(...differences(ours, asRegistered(there)).map((difference) => `${name} ${difference}`));
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
      expect(asRegistered(effective(made))).toEqual(asRegistered(there));
    }),
    { numRuns: 400 },
  );
  expect(held).toBeGreaterThan(30);
});
