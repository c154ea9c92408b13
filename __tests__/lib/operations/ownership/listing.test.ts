import {
  enterRecord,
  listStacks,
  readOwners,
  refuseOthersJobs,
  desiredRecord,
  type StackContents,
} from "../../../../lib/operations";
import { recordPath } from "../../../../lib/stack-record";
import { ClusterInMemory } from "../../../support/cluster-in-memory";
import { wantedOf } from "../../../support/replayed-clients";

// What `cdk-nomad ls` says of a cluster, by its records.

const identity = (environment: string) => ({ project: "shop", environment });

function contentsOf(...ids: readonly string[]): StackContents {
  return {
    objects: ids.map((ID) => wantedOf({ ID })),
    terraformOnly: [],
    declared: { owner: "cdk-nomad" },
    sensitive: [],
    reached: [],
  };
}

/** Stacks with their jobs, in the order in which they were deployed. */
async function clusterOf(stacks: Readonly<Record<string, readonly string[]>>): Promise<ClusterInMemory> {
  const cluster = new ClusterInMemory();
  for (const [environment, ids] of Object.entries(stacks))
    await enterRecord(desiredRecord(contentsOf(...ids), identity(environment)), cluster.clients);
  cluster.hold(...[...new Set(Object.values(stacks).flat())].map((ID) => ({ ID })));
  return cluster;
}

async function listed(cluster: ClusterInMemory): Promise<Readonly<Record<string, readonly string[]>>> {
  const { stacks } = await listStacks(cluster.clients);
  const words = (job: { readonly id: string; readonly of?: string }) => job.id + (job.of ? ` of ${job.of}` : "");
  return Object.fromEntries(stacks.map(({ environment, jobs }) => [environment, jobs.map(words)]));
}

test("a job that two records name counts once, for the stack that registered it", async () => {
  const cluster = await clusterOf({ dev: ["web", "worker", "old"], local: ["web", "worker"] });
  for (const id of ["web", "worker"]) cluster.submittedFor.set(id, recordPath(identity("local")));
  expect(await listed(cluster)).toEqual({ dev: ["old", "web of local", "worker of local"], local: ["web", "worker"] });
  cluster.submittedFor.set("worker", recordPath(identity("dev")));
  expect(await listed(cluster)).toEqual({ dev: ["old", "web of local", "worker"], local: ["web", "worker of dev"] });
});

test("where the server does not say for whom, it counts for the stack whose program has it", async () => {
  const cluster = await clusterOf({ dev: ["web"], local: ["web"] });
  await enterRecord(desiredRecord(contentsOf("other"), identity("dev")), cluster.clients);
  cluster.hold({ ID: "other" });
  expect(await listed(cluster)).toEqual({ dev: ["other", "web of local"], local: ["web"] });
});

test("a stack has the name of its project that people know, and a refusal over a job of it too", async () => {
  const cluster = new ClusterInMemory();
  const theirs = { project: "0f3a7c52-1b1c-4a7e-9d0e-5f1f2d3c4b5a", environment: "dev", projectName: "shop" };
  await enterRecord(desiredRecord(contentsOf("web"), theirs), cluster.clients);
  cluster.hold({ ID: "web" });
  const { stacks } = await listStacks(cluster.clients);
  expect(stacks).toMatchObject([theirs]);
  const owners = await readOwners({ project: "other", environment: "dev", store: "nomad" }, cluster.clients);
  const planned = [{ plan: { job: "web", path: "dev/web", change: "update" }, job: { ID: "web" } }] as never;
  const refused = { nomad: cluster.clients.nomad, owners, project: "other", adopt: false, onTaken: () => undefined };
  await expect(refuseOthersJobs(planned, refused)).rejects.toThrow(
    /is a job of dev of the project shop \(0f3a7c52-\S+\),.*in a folder of that project: cdk-nomad destroy dev/,
  );
});

test("of one id in two namespaces there are two jobs", async () => {
  const cluster = await clusterOf({});
  for (const [environment, Namespace] of [
    ["dev", "default"],
    ["staging", "other"],
  ] as const)
    await enterRecord(
      desiredRecord({ ...contentsOf(), objects: [wantedOf({ ID: "web", Namespace })] }, identity(environment)),
      cluster.clients,
    );
  expect(await listed(cluster)).toEqual({ dev: ["web"], staging: ["web"] });
});

test("a server that tells nothing of its jobs is no end of the list", async () => {
  const cluster = await clusterOf({ dev: ["web"], local: ["web"] });
  const { nomad, consul } = cluster.clients;
  const refuses = () => Promise.reject(new Error("Permission denied"));
  Object.assign(nomad, { job: refuses, where: () => nomad, jobs: refuses });
  const { stacks } = await listStacks({ nomad, consul });
  expect(stacks.flatMap(({ jobs }) => jobs.filter(({ of }) => of === undefined))).toMatchObject([
    { id: "web", status: "unknown" },
  ]);
});
