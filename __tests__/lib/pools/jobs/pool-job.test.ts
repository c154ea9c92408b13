import fc from "fast-check";
import { Driver, Duration, PoolJob, TaskGroup, UserError, WarmPoolJob, type PoolJobProps } from "../../../../lib";
import { poolOf } from "../../../../lib/jobspec/host";

const ID = /^warm-pool-openai-[0-9a-f]{8}$/;

test("the same template is the same job, and any change of it another", () => {
  const usual = new WarmPoolJob({ provider: "openai" });
  expect(new WarmPoolJob({ provider: "openai", size: 10, priority: 40 }).id).toBe(usual.id);
  const others = [
    new WarmPoolJob({ provider: "openai", size: 11 }),
    new WarmPoolJob({ provider: "openai", checkInterval: Duration.seconds(5) }),
    new WarmPoolJob({ provider: "openai", execution: { kind: "docker", image: "own:2" } }),
    new WarmPoolJob({ provider: "openai", datacenters: ["dc1"] }),
    usual.with({ priority: 41 }),
    new WarmPoolJob({ provider: "openai" }).withMeta({ team: "a" }),
    new WarmPoolJob({ provider: "openai" }).withGroup(new TaskGroup({ name: "more" })),
  ];
  const ids = [usual, ...others].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(ID);
  expect(usual.pool).toBe("warm-pool-openai");
});

test("the order in which somebody wrote maps does not count", () => {
  const job = (meta: Record<string, string>) => new PoolJob({ pool: "p", meta, groups: [] }).id;
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()), (meta) => {
      const reversed = Object.fromEntries(Object.entries(meta).reverse());
      expect(job(reversed)).toBe(job(meta));
    }),
  );
});

test("the id that is read is the id that is rendered, and a given one stays", () => {
  const job = new WarmPoolJob({ provider: "openai" });
  expect(job.toApi().Job.ID).toBe(job.id);
  expect(job.toHcl()).toContain(`job "${job.id}"`);
  const named = job.with({ id: "mine" });
  expect([named.id, named.with({ priority: 1 }).id, named.toApi().Job.ID]).toEqual(["mine", "mine", "mine"]);
  expect(job.with({ priority: 40 }).id).toBe(job.id);
});

const LATER = { resolve: () => "dc1", toJSON: () => "<unresolved-lazy>" };

test.each<[string, Partial<PoolJobProps>]>([
  ["text", { datacenters: ["${TfToken[TOKEN.3]}"] }],
  ["list", { datacenters: ["#{TfToken[TOKEN.3]}"] }],
  ["map", { meta: { "&{TfToken[TOKEN.3]}": "String Map Token Value" } }],
  ["key", { meta: { "${TfToken[TOKEN.3]}": "a" } }],
  ["object", { datacenters: [LATER] }],
  ["unit", { update: { healthyDeadline: Duration.minutes(LATER) } }],
  ["value of a driver", { groups: [{ name: "g", tasks: [{ name: "t", driver: Driver.docker({ image: LATER }) }] }] }],
  ["number", { priority: -1.8881545897087827e289 }],
])(
  "a value that only Terraform knows is refused as a %s, since the id would change with every synthesis",
  (_, props) => {
    const job = new PoolJob({ pool: "mine", groups: [], ...props });
    expect(() => job.id).toThrow(UserError);
    expect(() => job.toApi()).toThrow(/known to Terraform only; write the value itself/);
  },
);

test.each([
  ["warm-pool-openai-1f3a5b7c", { pool: "warm-pool-openai" }, "warm-pool-openai"],
  ["hermes-sandbox", { pool: "hermes-sandbox" }, "hermes-sandbox"],
  ["web", { pool: "swimming" }, undefined],
  ["web", {}, undefined],
  ["web", null, undefined],
  ["web", { pool: "" }, undefined],
])("a job %s with the meta %j is of the pool %s", (id, meta, pool) => {
  expect(poolOf(id, meta as Record<string, string> | null)).toBe(pool);
});
