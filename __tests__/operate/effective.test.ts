import fc from "fast-check";
import pLimit from "p-limit";
import { bases } from "../../bench/parity/bases";
import { ask } from "../../bench/parity/server";
import { Driver, Job, type JobProps } from "../../lib";
import { effective } from "../../lib/jobspec/host";
import { clusterForSuite } from "../support/cluster";
import { differences } from "../support/differences";
import { asRegistered } from "../support/as-registered";
import { countsOf, inheritance, settingsOf } from "../support/inheritance";
import { meshJobs } from "../support/mesh-groups";
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
    fc.asyncProperty(inheritance, async ({ type, job: outer, group, task, count, least }) => {
      const made = new Job({
        id: "drawn",
        type,
        ...settingsOf(outer),
        groups: [
          {
            name: "g",
            ...settingsOf(group),
            ...countsOf({ type, count, least }),
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

test("what a server adds for services of the mesh is what stands in the effective job, and what it refuses is refused", async () => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(meshJobs, async (job) => {
      const { accepted } = await ask(cluster.addresses.NOMAD_ADDR, job);
      const { job: read, problems } = Job.read(job);
      const errors = [...problems, ...(read?.validate() ?? [])].filter(({ severity }) => severity === "error");
      expect({ accepted: errors.length === 0, errors }).toMatchObject({ accepted });
      // What Consul then refuses of a gateway is none of the job's.
      const there = accepted ? await registered(job) : undefined;
      if (!there) return;
      held += 1;
      expect(asRegistered(effective(Job.fromApi(job)))).toEqual(asRegistered(there));
    }),
    { numRuns: 600 },
  );
  expect(held).toBeGreaterThan(30);
});
