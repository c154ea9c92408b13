import { PoolServiceJob } from "../../../../lib/pools";

const environmentOf = (job: PoolServiceJob) => job.groups?.[0]?.tasks?.[0]?.env;

test("the service is told which pools it serves, of either kind", () => {
  const both = new PoolServiceJob({ pools: ["warm-pool-openai"], slotPools: ["hermes-sandbox", "others"] });
  expect(environmentOf(both)).toMatchObject({
    POOL_SERVICE_POOLS: "warm-pool-openai",
    POOL_SERVICE_SLOT_POOLS: "hermes-sandbox,others",
  });
  const warm = new PoolServiceJob({ pools: ["warm-pool-openai"] });
  expect(environmentOf(warm)).not.toHaveProperty("POOL_SERVICE_SLOT_POOLS");
});
