import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { Cpu, Driver, Job, Memory, Network, Port, Resources, Service, Task, TaskGroup } from "../../lib/jobspec";
import { apiPath, type JobJson, type NomadClient } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { cdktf, whyNoProviders } from "../support/terraform";
import type { SmallProgram } from "./programs/small-jobs";
import { Project } from "../support/project";
import { until } from "../support/until";

const REGIONS = ["us-west", "us-east"];
const cluster = clusterForSuite({ program: Project.SMALL_JOBS, regions: REGIONS, acl: "closed" });
const { project } = cluster;
/** When all agents ran. */
let started = 0;
let west: NomadClient;
let east: NomadClient;

beforeAll(() => {
  started = performance.now();
  west = cluster.nomad.where({ Region: "us-west" });
  east = cluster.nomad.where({ Region: "us-east" });
});

afterEach(async () => {
  for (const region of REGIONS) await cluster.purge(region);
});

/** The program with a release, which fails in some regions. */
function release(number: number, failsIn: readonly string[] = [], onFailure?: SmallProgram["onFailure"]): void {
  const fail = failsIn.map((region) => `[ "$NOMAD_REGION" = ${region} ] && exit 3;`).join(" ");
  const web = { id: "web", env: { RELEASE: String(number) }, script: `${fail} exec sleep 3600`, autoRevert: true };
  project.change({
    jobs: [web],
    environment: "prod",
    owner: "terraform",
    regions: REGIONS,
    onFailure,
  } as SmallProgram);
}

const deploy = (...more: string[]) => project.run(["deploy", "prod", "--direct", ...more]);

/** The release of the version of a job that is meant to run. */
async function releaseIn(region: NomadClient): Promise<string | undefined> {
  const groups = (await region.job("web"))?.TaskGroups as
    readonly { readonly Tasks: readonly { readonly Env: Readonly<Record<string, string>> }[] }[] | undefined;
  return groups?.[0]?.Tasks[0]?.Env.RELEASE;
}

async function isAt(releases: readonly [string | undefined, string | undefined]): Promise<void> {
  await until(`release ${releases[0]} in the west and ${releases[1]} in the east`, async () => {
    const now = [await releaseIn(west), await releaseIn(east)];
    return now.join() === releases.join();
  });
}

test("two federated regions run, and either is reached through the first", async () => {
  const { regions, phase } = JSON.parse((await project.run(["status", "--json"])).stdout) as {
    regions: string[];
    phase: string;
  };
  expect([regions, phase]).toEqual([REGIONS, "running"]);
  const datacenters = async (region: NomadClient) => (await region.nodes()).map(({ Datacenter }) => Datacenter);
  expect([await datacenters(west), await datacenters(east)]).toEqual([["us-west-1a"], ["us-east-1a"]]);
});

test("capacity counts each region's job on the nodes of that region", async () => {
  release(1);
  const { code, stdout } = await project.run(["capacity", "prod", "--json"]);
  const found = JSON.parse(stdout) as {
    groups: { region: string; placed: number; count: number }[];
    nodes: { region: string; whole: { cpu: number } }[];
    after: { region: string; free: { cpu: number } }[];
  };
  const placed = REGIONS.map((region) => ({ region, placed: 1, count: 1 }));
  expect([code, found.groups]).toEqual([0, placed.map((each) => expect.objectContaining(each) as unknown)]);
  expect(found.nodes.map(({ region }) => region)).toEqual(REGIONS);
  // Each job takes room of its own region's node, and of no other's.
  const taken = found.after.map(({ free }, index) => (found.nodes[index]?.whole.cpu ?? 0) - free.cpu);
  expect(new Set(taken).size).toBe(1);
  expect(taken[0]).toBeGreaterThan(0);
  const text = (await project.run(["capacity", "prod"])).stdout;
  expect(text.match(/^region .*|^all of it fits/gm)).toEqual([
    "region us-west",
    "all of it fits",
    "region us-east",
    "all of it fits",
  ]);
});

test("prod goes through Terraform, unless somebody says otherwise", async () => {
  release(1);
  const said = await project.run(["deploy", "prod"]);
  expect([said.code, said.stderr]).toEqual([1, expect.stringContaining("npx cdktf deploy prod")]);
});

test("the west comes first, and the east once it is healthy; status and preview know both", async () => {
  release(1);
  const preview = await project.run(["preview", "prod"]);
  expect([preview.code, preview.stdout]).toEqual([2, expect.stringContaining("2 jobs to create")]);
  expect((await deploy()).code).toBe(0);
  const [first] = await west.deployments("web");
  const healthy = (await west.deploymentAllocations(first?.ID ?? "")).map(({ DeploymentStatus }) =>
    Date.parse(DeploymentStatus?.Timestamp ?? ""),
  );
  expect(Number((await east.job("web"))?.SubmitTime) / 1e6).toBeGreaterThan(Math.max(...healthy));
  const status = await project.run(["status", "prod"]);
  expect([status.code, status.stdout]).toEqual([
    0,
    expect.stringMatching(/web \(us-west\) +healthy[^]*web \(us-east\) +healthy/),
  ]);
});

test("a failure in the west leaves the east untouched", async () => {
  release(1);
  expect((await deploy()).code).toBe(0);
  release(2, ["us-west"], "fail_all");
  const said = await deploy();
  expect([said.code, said.stderr]).toEqual([1, expect.stringMatching(/✗ web in us-west version 1/)]);
  expect(said.stderr).not.toContain("us-east version");
  expect((await east.job("web"))?.Version).toBe(0);
});

test("a failure in the east: the west stays; with fail_all it goes back", async () => {
  release(1);
  expect((await deploy()).code).toBe(0);
  release(2, ["us-east"]);
  expect((await deploy()).code).toBe(1);
  await isAt(["2", "1"]);

  release(3, ["us-east"], "fail_all");
  const said = await deploy();
  expect([said.code, said.stderr]).toEqual([
    1,
    expect.stringMatching(/web in us-west version \d+: the rollout failed in us-east; back at version/),
  ]);
  await isAt(["2", "1"]);
});

test("with fail_local, a failure in the west is its own", async () => {
  release(1);
  expect((await deploy()).code).toBe(0);
  release(2, ["us-west"], "fail_local");
  const said = await deploy();
  expect([said.code, said.stderr]).toEqual([
    1,
    expect.stringMatching(/✗ web in us-west[^]*✓ web in us-east version 1 is healthy/),
  ]);
  await isAt(["1", "2"]);
});

test("each region keeps its services in Consul, long after a Nomad asks its agent which of them it does not know", async () => {
  const job = new Job({
    id: "kept",
    type: "service",
    groups: [
      new TaskGroup({
        name: "g",
        networks: [Network.host(Port.dynamic("http"))],
        tasks: [
          new Task({
            name: "t",
            driver: Driver.rawExec({ command: "sleep", args: ["3600"] }),
            resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
            services: [new Service({ name: "kept-${NOMAD_REGION}", port: "http" })],
          }),
        ],
      }),
    ],
  });
  for (const region of REGIONS) await cluster.nomad.where({ Region: region }).register(job.toApi().Job as JobJson);
  const missing = async () => {
    const found = await Promise.all(REGIONS.map((region) => cluster.consul.instances(`kept-${region}`)));
    return REGIONS.filter((_, index) => found[index]?.length !== 1);
  };
  await until("both are registered", async () => (await missing()).length === 0);
  // A Nomad takes away what it does not know from a minute after its start on, and looks every half minute.
  const end = Math.max(started + 100_000, performance.now() + 35_000);
  const gone = new Set<string>();
  while (performance.now() < end) {
    for (const region of await missing()) gone.add(region);
    await sleep(1000);
  }
  expect([...gone]).toEqual([]);
});

test("tokens and policies of the first region hold in the other, which refuses strangers as well", async () => {
  const rules = 'namespace "default" { policy = "read" }';
  await west.http.post(apiPath`/v1/acl/policy/reader`, v.unknown(), { body: { Name: "reader", Rules: rules } });
  const { SecretID } = await west.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), {
    body: { Name: "reader", Type: "client", Policies: ["reader"], Global: true },
  });
  const { agents } = await project.cluster.status();
  const address = agents.find(({ region }) => region === "us-east")?.address ?? "";
  const ask = async (path: string, headers = {}, method = "GET") =>
    (await fetch(`${address}${path}`, { method, headers })).status;
  const reader = { "X-Nomad-Token": SecretID };
  await until("the token in the east", async () => (await ask("/v1/jobs", reader)) === 200);
  expect(await ask("/v1/system/gc", reader, "PUT")).toBe(403);
  expect(await ask("/v1/jobs")).toBe(403);
  expect(await ask("/v1/jobs", { "X-Nomad-Token": cluster.environment.NOMAD_TOKEN ?? "" })).toBe(200);
});

const reason = whyNoProviders();
if (reason !== undefined) console.log(`skipped: cdktf deploy prod with the real providers; ${reason}`);
const withProviders = reason === undefined ? test : test.skip;
withProviders("cdktf deploy prod: west, then east; a failure in the west leaves the east untouched", async () => {
  const env = cluster.environment;
  const apply = () => cdktf(project.folder, ["deploy", "prod", "--skip-provider-lock", "--auto-approve"], env);
  release(1);
  expect((await apply()).code).toBe(0);
  await isAt(["1", "1"]);
  release(2, ["us-west"]);
  expect((await apply()).code).toBe(1);
  expect(await releaseIn(east)).toBe("1");
});
