import { join } from "node:path";
import { LastClusters } from "../../../lib/operations";
import { ReplayServer, type Answers } from "../../support/replay";
import { cli, environment } from "../../support/run-cli";
import { SynthesizedProject } from "../../support/synthesized";

const of = (key: string): Answers => ({ "GET /.well-known/jwks.json": { body: { keys: [{ kid: key }] } } });
const here = new ReplayServer(of("here"));
const elsewhere = new ReplayServer(of("elsewhere"));
let project: SynthesizedProject;
beforeAll(async () => {
  await Promise.all([here.open(), elsewhere.open()]);
  project = new SynthesizedProject({ nomad_job: { web: { jobspec: '{"Job":{"ID":"web"}}' } } });
});
afterAll(async () => {
  project.remove();
  await Promise.all([here.close(), elsewhere.close()]);
});

const keep = (key: string, embedded = false) =>
  new LastClusters(join(project.folder, ".cdk-nomad/stacks.json")).keep("dev", {
    address: "http://127.0.0.1:1",
    keys: [key],
    embedded,
  });

async function at(server: ReplayServer, args: readonly string[]) {
  server.asked.length = 0;
  const env = environment({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address });
  const said = await cli(args, { cwd: project.folder, env });
  // Planning is asked for with a POST: all else that is no GET changes something.
  return { ...said, planned: server.asked.some(({ path }) => path.endsWith("/plan")), asked: server.asked };
}

const CHANGING = [
  ["deploy"],
  ["drift", "--fix"],
  ["promote"],
  ["fail"],
  ["rollback"],
  ["restart"],
  ["destroy", "--yes"],
];

test.each(CHANGING)("%s on another cluster than the last time asks only who it is", async (...args) => {
  await keep("here");
  const said = await at(elsewhere, [...args, "dev"]);
  expect([said.code, said.asked.filter(({ method }) => method !== "GET")]).toEqual([1, []]);
  expect(said.asked.some(({ path }) => path.startsWith("/v1/job/"))).toBe(false);
  expect(said.stderr).toContain("dev: went to http://127.0.0.1:1 the last time");
});

test.each(["preview", "drift", "status"])("%s looks wherever it is pointed", async (command) => {
  await keep("here");
  expect((await at(elsewhere, [command, "dev"])).stderr).not.toContain("the last time");
});

test("the same cluster is known by its keys, at whatever address", async () => {
  await keep("here");
  expect((await at(here, ["deploy", "dev"])).planned).toBe(true);
});

test("a deployment elsewhere goes on by name, and what fails before it begins moves nothing", async () => {
  await keep("here");
  expect((await at(elsewhere, ["deploy", "dev", "--to-new-cluster"])).planned).toBe(true);
  expect((await at(elsewhere, ["deploy", "dev"])).planned).toBe(false);
});

test("what says that it is for one cluster goes to no other", async () => {
  const declared = { cluster: { address: "https://nomad.example.com" } };
  const own = new SynthesizedProject({ nomad_job: { web: { jobspec: '{"Job":{"ID":"web"}}' } } }, {}, { declared });
  try {
    here.asked.length = 0;
    const env = environment({ NOMAD_ADDR: here.address, CONSUL_HTTP_ADDR: here.address });
    const said = await cli(["deploy", "dev", "--to-new-cluster"], { cwd: own.folder, env });
    expect([said.code, here.asked.some(({ path }) => path.endsWith("/plan"))]).toEqual([1, false]);
    expect(said.stderr).toContain("is for the Nomad at https://nomad.example.com");
  } finally {
    own.remove();
  }
});
