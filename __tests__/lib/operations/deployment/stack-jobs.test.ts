import {
  failDeployment,
  jobsToAskAbout,
  promote,
  restart,
  rollback,
  stackStatus,
  watchStack,
} from "../../../../lib/operations";
import { recorded, type Answers } from "../../../support/replay";
import { bodyOf, quiet, wantedOf, withServer } from "../../../support/replayed-clients";

/** Names of what came of a stack's jobs: an older generation of a pool, and what was launched. */

const POOL = "warm-pool-openai";
const OLDER = `${POOL}-0a1b2c3d`;
const CHILD = "load/dispatch-1795650326-0947f79a";
const wanted = [
  wantedOf({ ID: "web" }),
  wantedOf({ ID: `${POOL}-39f6cbe4`, Meta: { pool: POOL } }),
  wantedOf({ ID: "load", Type: "batch", ParameterizedJob: {} }),
];
const held = (job: { readonly ID: string } & Readonly<Record<string, unknown>>): Answers => ({
  [`GET /v1/job/${job.ID}`]: { body: { Version: 3, Region: "global", Namespace: "default", TaskGroups: [], ...job } },
  ...Object.fromEntries(
    ["deployments", "allocations", "evaluations"].map((what) => [`GET /v1/job/${job.ID}/${what}`, { body: [] }]),
  ),
  [`GET /v1/job/${job.ID}/summary`]: { body: { JobID: job.ID, Summary: {}, Children: null } },
});
const older = held({ ID: OLDER, Type: "service", Meta: { pool: POOL } });
const child = held({ ID: CHILD, Type: "batch", ParentID: "load", ParameterizedJob: {}, Dispatched: true });
const NAMES = [OLDER, CHILD, `${POOL}-ffffffff`, "load/dispatch-typo", "load/periodic-1"];

test("what came of a job is asked about as the server holds it, where the stack says that the job is", async () => {
  await withServer({ ...older, ...child }, async ({ server: _, ...clients }) => {
    const found = async (job: string) => jobsToAskAbout(wanted, { ...clients, ...quiet, job });
    expect(await found(OLDER)).toMatchObject([{ path: `lab/${POOL}-39f6cbe4`, job: { ID: OLDER, Type: "service" } }]);
    const launched = await found(CHILD);
    expect(launched).toMatchObject([{ path: "lab/load", job: { ID: CHILD, Dispatched: true } }]);
    const [status] = await stackStatus(launched, { ...clients, ...quiet });
    expect(status).toMatchObject({ job: CHILD, version: 3 });
    expect(status).not.toHaveProperty("region");
  });
});

test("what was launched is watched until it ends", async () => {
  const { nomad } = recorded("batch-running");
  const launched = Object.entries(nomad).map(([endpoint, answer]) => [
    endpoint.replace("/v1/job/load", `/v1/job/${CHILD}`),
    endpoint === "GET /v1/job/load"
      ? {
          body: {
            ...(bodyOf(nomad, endpoint) as object),
            ID: CHILD,
            ParentID: "load",
            ParameterizedJob: {},
            Dispatched: true,
          },
        }
      : answer,
  ]);
  await withServer(Object.fromEntries(launched) as Answers, async ({ server: _, ...clients }) => {
    const until = performance.now() + 50;
    // By the stack's own job, which launches others and runs nothing, there would be nothing to wait for.
    const outcomes = await watchStack(wanted, { ...clients, ...quiet, job: CHILD, until });
    expect(outcomes).toMatchObject([{ result: "timed-out", job: { ID: CHILD } }]);
  });
});

test("a name that nothing on the cluster has, or another's job, is said, with those that may be meant", async () => {
  const others = {
    ...held({ ID: OLDER, Meta: { pool: `${POOL}-0a1b2c3d` } }),
    ...held({ ID: CHILD, ParentID: "other" }),
  };
  await withServer(others, async ({ server: _, ...clients }) => {
    for (const job of NAMES)
      for (const ask of [jobsToAskAbout, watchStack])
        await expect(ask(wanted, { ...clients, ...quiet, job })).rejects.toThrow(
          `there is no job "${job}"; write ${job.startsWith(POOL) ? `${POOL}-39f6cbe4` : "load"}, or one of `,
        );
  });
});

test.each([
  ["promote", promote],
  ["fail", failDeployment],
  ["rollback", rollback],
  ["restart", restart],
])("%s changes no job by the name of another, and says what to write", async (_verb, run) => {
  await withServer({ ...older, ...child }, async ({ server, ...clients }) => {
    for (const job of NAMES) {
      const { of, instead } = job.startsWith(POOL)
        ? { of: `an older job of the pool ${POOL}`, instead: `${POOL}-39f6cbe4` }
        : { of: "what load launched", instead: "load" };
      await expect(run(wanted, { ...clients, ...quiet, job })).rejects.toThrow(
        `"${job}" is no job of the stack, and would be ${of}, of which cdk-nomad status ENV and cdk-nomad logs tell; write ${instead}`,
      );
    }
    expect(server.asked).toEqual([]);
  });
});
