import type { TestCluster } from "../../__tests__/support/cluster";
import { seeded, slotChaos } from "../../__tests__/support/slot-chaos";
import type { Figure } from "../synthesis";

/** What a manager that died may keep from others, in milliseconds. */
const FREED = 3000;

/** Managers in three processes and 2,000 claims of slots of real sandboxes, with kill -9 at random of managers, clients and sandboxes. */
export async function measureChaos(cluster: TestCluster, claims = 2000): Promise<readonly Figure[]> {
  const { doubles, strangers, late, freed, kills, left, ...done } = await slotChaos(cluster, {
    claims,
    managers: 3,
    callers: 4,
    sandboxes: 3,
    slots: 4,
    every: 2000,
    timeout: 20_000,
    random: seeded(11),
  });
  const { manager, client, allocation } = kills;
  const beside = `${done.claims} claims, ${manager} managers, ${client} clients and ${allocation} sandboxes killed`;
  const none = (what: string, count: number): Figure => ({
    what,
    value: String(count),
    goal: "0",
    reached: count === 0,
  });
  const slowest = Math.max(0, ...freed);
  return [
    none(`slots that two had at once (${beside})`, doubles.length),
    none("commands that found what somebody else left in their slot", strangers),
    none("claims beyond their deadline", late),
    none("leases that are left 30 s after", left.leases),
    none("sandboxes that are left 30 s after", left.sandboxes),
    none("processes that are left 30 s after", left.processes),
    {
      what: "what a dead manager had is free, at the latest",
      value: `${(slowest / 1000).toFixed(1)} s`,
      goal: "under 3 s",
      reached: slowest < FREED,
    },
  ];
}
