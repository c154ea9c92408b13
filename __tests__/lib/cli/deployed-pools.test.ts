import { poolsWithoutJob } from "../../../lib/cli/deployed-pools";
import type { NomadClient } from "../../../lib/nomad";

const pool = (ID: string, name: string, Stop = false) => ({ ID, Stop, Type: "service", Meta: { pool: name } });
const jobs = [
  pool("hermes-sandbox", "hermes-sandbox"),
  pool("warm-pool-openai-39f6cbe4", "warm-pool-openai"),
  pool("warm-pool-google-41879f55", "warm-pool-google", true),
  { ID: "warm-pool-openai-2", Type: "service" },
];
const nomad = {
  jobs: (prefix = "") => Promise.resolve(jobs.filter(({ ID }) => ID.startsWith(prefix))),
  job: (id: string) => Promise.resolve(jobs.find(({ ID }) => ID === id)),
} as unknown as NomadClient;

test.each([
  [["hermes-sandbox", "warm-pool-openai"], []],
  [["warm-pool-openai-39f6cbe4"], []],
  [
    ["warm-pool", "nope"],
    ["warm-pool", "nope"],
  ],
  // A job that is stopped gives out nothing.
  [["warm-pool-google", "hermes-sandbox"], ["warm-pool-google"]],
])("of the pools %j, no job is of %j", async (named, missing) => {
  expect(await poolsWithoutJob(nomad, named)).toEqual(missing);
});
