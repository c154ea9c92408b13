import fc from "fast-check";
import { UserError } from "../../../../lib/errors";
import { Masking } from "../../../../lib/masking";
import {
  destroy,
  enterRecord,
  findDestruction,
  findLeftovers,
  findStrays,
  listRecords,
  listStacks,
  readOwners,
  removeLeftovers,
  sparedKeys,
  desiredRecord,
  type StackContents,
} from "../../../../lib/operations";
import { layOut, recordPath, type RecordContent } from "../../../../lib/stack-record";
import { ClusterInMemory } from "../../../support/cluster-in-memory";
import { hostile } from "../../../support/hostile";

// A record may be anything: somebody else may have written it, or a part of it may be lost. Nothing of others goes for it, and nothing crashes.

const identity = { project: "shop", environment: "dev" };
const head = recordPath(identity);
const contents: StackContents = {
  objects: [
    { kind: "keys", path: "dev/keys", prefix: "shop/dev/", values: { level: "info" }, after: [] },
    { kind: "job", path: "dev/web", job: { ID: "web" }, after: [] },
  ],
  terraformOnly: [],
  declared: { owner: "cdk-nomad" },
  sensitive: [],
  reached: [],
};
const staging: StackContents = {
  ...contents,
  objects: [
    { kind: "keys", path: "staging/keys", prefix: "shop/staging/", values: {}, after: [] },
    { kind: "entry", path: "staging/entry", entry: { Kind: "service-defaults", Name: "api" }, after: [] },
    { kind: "job", path: "staging/api", job: { ID: "api" }, after: [] },
  ],
};

/** A cluster with dev, staging and a stranger's job and keys. */
async function clusterOf(): Promise<ClusterInMemory> {
  const cluster = new ClusterInMemory();
  const place = { project: "shop", environment: "staging" };
  await enterRecord(desiredRecord(staging, place), cluster.clients);
  cluster.hold({ ID: "web" }, { ID: "api" }, { ID: "stranger" });
  for (const key of ["shop/dev/level", "shop/staging/level", "payroll/1", "pools/p/leases/1"])
    cluster.put("consul", key, "1");
  cluster.entries.set("service-defaults/api", { Kind: "service-defaults", Name: "api" });
  return cluster;
}

/** What is staging's, and must stay; what pools keep, likewise. */
const theirs = (cluster: ClusterInMemory) => ({
  job: cluster.jobs.find(({ ID }) => ID === "api")?.Stop,
  entry: cluster.entries.has("service-defaults/api"),
  keys: Object.keys(cluster.texts("consul")).filter((key) => /staging|^pools/.test(key)),
});

const name = fc.oneof(
  hostile,
  fc.constantFrom("..", ".", "", "/", "a/../b", "api", "web", "stranger", "\0", "x".repeat(10_000), "__proto__"),
);
const prefix = fc.oneof(
  name,
  fc.constantFrom("shop/", "s", "cdk-nomad/", "cdk-nomad/stacks/", "p", "pools/", "shop/staging/"),
);
const job = fc.record({
  id: name,
  region: fc.option(name, { nil: undefined }),
  namespace: fc.option(name, { nil: undefined }),
});
const inConsul = fc.record({
  kind: fc.oneof(name, fc.constantFrom("keys", "service-defaults", "../acl/token")),
  name: prefix,
});
const content: fc.Arbitrary<RecordContent> = fc.record({
  project: fc.constant(identity.project),
  environment: fc.constant(identity.environment),
  owner: fc.constant("cdk-nomad" as const),
  variables: fc.dictionary(name, name, { maxKeys: 3 }),
  defaults: fc.dictionary(name, name, { maxKeys: 3 }),
  environmentVariables: fc.dictionary(name, fc.option(name), { maxKeys: 3 }),
  jobs: fc.array(job, { maxLength: 5 }),
  consul: fc.array(inConsul, { maxLength: 5 }),
});

/** The texts of a record, of which some are lost, cut or others. */
const texts = fc
  .tuple(
    content,
    fc.array(fc.oneof(job, inConsul), { maxLength: 4 }),
    fc.array(
      fc.tuple(fc.nat(3), fc.oneof(fc.constant(undefined), hostile, fc.json(), fc.constant("[".repeat(50_000)))),
      {
        maxLength: 1,
      },
    ),
  )
  .map(([made, others, faults]) => {
    const all = new Map(layOut(made).map(({ path, value }) => [path, JSON.stringify(value)] as const));
    if (others.length > 0) all.set(`${head}/others/0`, JSON.stringify(others));
    for (const [at, text] of faults) {
      const path = [...all.keys()][at % all.size] ?? head;
      if (text === undefined) all.delete(path);
      else all.set(path, text);
    }
    return all;
  });

const refused = (error: unknown) => {
  if (!(error instanceof UserError)) throw error;
  return undefined;
};

test("no record, however it is made, lets anything of another stack go, or ends a command with a crash", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (all, withoutRecords) => {
      const cluster = await clusterOf();
      const before = theirs(cluster);
      for (const [path, text] of all) cluster.put("consul", path, text);
      const { clients } = cluster;
      const own = desiredRecord(contents, identity);
      const owners = await readOwners(own, clients);
      const listed = await listStacks(clients);
      expect(listed.stacks.map(({ environment }) => environment)).toContain("staging");
      // What cannot be read is told of, and never taken for none.
      const lists = [owners.own.kind === "unreadable", listed.unread.length > 0];
      expect(all.has(head) ? new Set(lists).size : 1).toBe(1);

      const { otherStacks } = owners;
      const known = owners.own.kind === "found" ? owners.own.record : own.content;
      const options = { ...clients, contents, owners, otherStacks, leased: () => Promise.resolve(undefined) };
      const strays = await findStrays(known.jobs, options);
      expect(strays.strays.map(({ id }) => id).filter((id) => id === "api" || id === "web")).toEqual([]);
      const { leftovers } = await findLeftovers(known.consul, options);
      const spared = sparedKeys(otherStacks, [{ kind: "keys", name: "shop/dev/" }]);
      await removeLeftovers(leftovers, { ...clients, spared, onStep: () => undefined });
      expect(theirs(cluster)).toEqual(before);
      expect(cluster.texts("consul")).toHaveProperty(["shop/dev/level"]);

      const finding = { ...clients, masking: new Masking(), withoutRecords };
      const found = await findDestruction("dev", "shop", contents, owners, finding).catch(refused);
      const quiet = { ...clients, onStep: () => undefined, forgetPool: () => Promise.resolve() };
      if (found) await destroy(found, quiet).catch(refused);
      expect(theirs(cluster)).toEqual(before);
    }),
    { numRuns: Number(process.env.DRAWS ?? 25) },
  );
}, 900_000);

test("a list of records has all that can be read, whatever stands beside it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, fc.oneof(hostile, fc.json())), { maxLength: 5 }), async (strange) => {
      const cluster = await clusterOf();
      for (const [path, text] of strange) cluster.put("consul", `cdk-nomad/stacks/${path}`, text);
      const { records, unread } = await listRecords(cluster.clients);
      expect(unread).toEqual([]);
      const found = records.flatMap((each) => (each.kind === "found" ? [each.record.environment] : []));
      expect(found).toEqual(["staging"]);
    }),
    { numRuns: Number(process.env.DRAWS ?? 50) },
  );
});
