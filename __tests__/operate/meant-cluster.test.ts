import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterForSuite } from "../support/cluster";
import { flat, Project } from "../support/project";
import { TcpProxy } from "../support/tcp-proxy";
import type { SmallProgram } from "./programs/small-jobs";

// Which cluster a command goes to is found out of a real one: what is asked of it has to be what it tells.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

const memory = () => join(project.cluster.folder, "stacks.json");
const kept = () => JSON.parse(readFileSync(memory(), "utf8")) as { stacks: { dev: Record<string, unknown> } };
/** As if dev had gone to another cluster the last time. */
const wentElsewhere = (known: Record<string, unknown>) => {
  const dev = { ...known, embedded: false, address: "http://10.0.0.1:4646", keys: ["another"], consulId: "another" };
  writeFileSync(memory(), JSON.stringify({ format: 1, stacks: { dev } }));
};
/** As if the cluster had never had the stack. */
const forgetHere = async () => {
  for (const key of await cluster.consul.keys("cdk-nomad/stacks/")) await cluster.consul.deleteKey(key);
  for (const { Path } of (await cluster.nomad.watchVariables("cdk-nomad/stacks/", { seconds: 0 })).value)
    await cluster.nomad.deleteVariable(Path, (await cluster.nomad.variable(Path))?.ModifyIndex ?? 0);
};
const versions = async () => (await cluster.nomad.versions("web", { diffs: false })).Versions.length;

test("a stack goes where it went, and to another cluster only by name; the embedded one is never another", async () => {
  project.change({ jobs: [{ id: "web" }] } satisfies SmallProgram);
  const first = await project.run(["deploy", "dev"]);
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining("the embedded cluster")]);
  const { dev } = kept().stacks;
  const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(dev).toMatchObject({
    embedded: true,
    region: "global",
    consulDatacenter: "dc1",
    consulId: UUID,
    keys: [UUID],
  });

  // The same cluster over another address, which is not the embedded one's.
  const proxy = new TcpProxy(cluster.addresses.NOMAD_ADDR);
  const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
  try {
    expect((await project.run(["deploy", "dev"], env)).code).toBe(0);
    // A cluster that has a record of the stack has had it before.
    wentElsewhere(dev);
    expect((await project.run(["restart", "dev"], env)).code).toBe(0);
    await forgetHere();
    project.change({ jobs: [{ id: "web", env: { RELEASE: "2" } }] } satisfies SmallProgram);
    const refused = await project.run(["restart", "dev"], env);
    expect([refused.code, flat(refused)]).toEqual([1, expect.stringContaining("went to http://10.0.0.1:4646")]);
    expect(await versions()).toBe(1);
    expect((await project.run(["deploy", "dev", "--to-new-cluster", "--adopt"], env)).code).toBe(0);
    expect([await versions(), kept().stacks.dev.keys]).toEqual([2, dev.keys]);
  } finally {
    await proxy.close();
  }

  wentElsewhere(dev);
  const own = await project.run(["deploy", "dev"]);
  expect([own.code, kept().stacks.dev.embedded]).toEqual([0, true]);
});
