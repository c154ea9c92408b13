import type { JobJson, NomadClient } from "../../../../lib/nomad";
import { SlotPoolJob, UserError } from "../../../../lib/pools";
import { whichPool } from "../../../../lib/pools/slots/which-pool";

const POOL = "hermes-sandbox";
const generation = new SlotPoolJob({ generations: true });

/** A Nomad that holds some jobs. */
function holding(...jobs: readonly JobJson[]): NomadClient {
  const client = {
    job: (id: string) => Promise.resolve(jobs.find(({ ID }) => ID === id)),
    jobs: (prefix: string) => Promise.resolve(jobs.filter(({ ID }) => ID.startsWith(prefix))),
  };
  return client as unknown as NomadClient;
}

const plain: JobJson = { ID: "plain" };
const fresh: JobJson = { ID: `${POOL}-0123abcd`, Meta: { pool: POOL } };
const fixed: JobJson = { ID: POOL, Meta: { pool: POOL } };

test.each([
  ["a job that is not there yet", holding(), { job: generation }, { pool: POOL, job: undefined }],
  ["a job that keeps its id", holding(), { job: new SlotPoolJob() }, { pool: POOL, job: undefined }],
  ["the id of a job of a pool", holding(fresh), { job: fresh.ID }, { pool: POOL, job: undefined }],
  ["the id that a pool keeps", holding(fixed), { job: POOL }, { pool: POOL, job: undefined }],
  ["the pool's name", holding(fresh), { pool: POOL }, { pool: POOL, job: undefined }],
  [
    "the pool's name as a job, as clients of one id write it",
    holding(fresh),
    { job: POOL },
    { pool: POOL, job: undefined },
  ],
  ["a job that is of no pool", holding(plain), { job: "plain" }, { pool: "plain", job: "plain" }],
  [
    "a stopped job of which another generation runs",
    holding({ ...fixed, Stop: true }, fresh),
    { job: POOL },
    { pool: POOL, job: undefined },
  ],
])("%s says which pool is meant", async (_, nomad, given, found) => {
  expect(await whichPool(nomad, given)).toEqual(found);
});

test.each([
  ["nothing is said", holding(fresh), {}, /needs its job, the id of it, or the pool's name/],
  ["there is no such job", holding(), { job: "x" }, /Nomad has no job "x", and none of a pool of that name/],
  ["there is no such pool", holding({ ID: `${POOL}-1`, Meta: { pool: "another" } }), { pool: POOL }, /has no job/],
  ["the job is stopped", holding({ ...plain, Stop: true }), { job: "plain" }, /is stopped; register it again/],
  ["both are said, by an id", holding(fresh), { job: fresh.ID, pool: POOL }, /leave `pool` out, or `job`/],
  ["both are said, by a job", holding(), { job: generation, pool: POOL }, /leave `pool` out, or `job`/],
])("it is an error where %s", async (_, nomad, given, message) => {
  const asked = whichPool(nomad, given);
  await expect(asked).rejects.toThrow(message);
  await expect(asked).rejects.toBeInstanceOf(UserError);
});
