import { slotChaos, seeded, type ChaosCluster } from "../../__tests__/support/slot-chaos";
import type { TestCluster } from "../../__tests__/support/cluster";
import { OwnConsul } from "../../__tests__/support/own-consul";
import { OwnNomad } from "../../__tests__/support/own-nomad";
import type { Figure } from "../synthesis";

/** What a manager that died may keep from others, in milliseconds. */
const FREED = 3000;
/** Draws what is killed, where nobody says another one. */
export const SEED = 11;

/** Managers in three processes and 2,000 claims of slots of real sandboxes, with kill -9 at random of managers, clients and sandboxes. */
export async function measureChaos({ nomad, environment, project }: TestCluster): Promise<readonly Figure[]> {
  return measured({ nomad, environment, folder: project.folder }, "consul", 2000, SEED);
}

/**
 * The same with 10,000 claims, on agents that keep their data and are killed too, with the leases in either store.
 *
 * @param seed draws what is killed
 */
export async function measureLongChaos(
  store: "consul" | "nomad",
  claims: number,
  seed: number,
): Promise<readonly Figure[]> {
  const consul = new OwnConsul();
  const nomad = new OwnNomad(1, consul);
  try {
    await consul.start();
    await nomad.start();
    const client = nomad.client();
    const environment = { NOMAD_ADDR: nomad.address, NOMAD_TOKEN: nomad.token, CONSUL_HTTP_ADDR: consul.address };
    const restartAgent = async () => {
      await nomad.kill();
      await nomad.start();
    };
    const cluster = { nomad: client, environment, folder: nomad.folder, restartAgent };
    const figures = await measured(cluster, store, claims, seed);
    await client.close();
    return figures;
  } finally {
    await nomad.remove();
    await consul.remove();
  }
}

async function measured(
  cluster: ChaosCluster,
  store: "consul" | "nomad",
  claims: number,
  seed: number,
): Promise<readonly Figure[]> {
  const { doubles, strangers, late, freed, kills, left, leftSandboxes, ...done } = await slotChaos(cluster, {
    store,
    claims,
    managers: 3,
    callers: 4,
    sandboxes: 3,
    slots: 4,
    every: 2000,
    timeout: 20_000,
    random: seeded(seed),
  });
  const killed = `${kills.manager} managers, ${kills.client} clients, ${kills.allocation} sandboxes and ${kills.agent} times the agent killed`;
  const name = store === "consul" ? "Consul" : "Nomad's variables";
  const none = (what: string, count: number): Figure => ({
    what: `${name}: ${what}`,
    value: String(count),
    goal: "0",
    reached: count === 0,
  });
  for (const line of leftSandboxes) console.log(`  left: ${line}`);
  const slowest = Math.max(0, ...freed);
  return [
    none(`slots that two had at once (${done.claims} claims, ${killed})`, doubles.length),
    none("commands that found what somebody else left in their slot", strangers),
    none("claims beyond their deadline", late),
    none("leases that are left 30 s after", left.leases),
    none("sandboxes that are left 30 s after", left.sandboxes),
    none("processes that are left 30 s after", left.processes),
    {
      what: `${name}: what a dead manager had is free, at the latest`,
      value: `${(slowest / 1000).toFixed(1)} s`,
      goal: "under 3 s",
      reached: slowest < FREED,
    },
  ];
}
