import { withCluster } from "../../__tests__/support/cluster";
import type { Figure } from "../synthesis";
import { measureAttacks } from "./attacks";
import { measureLongChaos, SEED } from "./chaos";
import { measureChaos } from "./claims";

/** Claims of each. */
const CLAIMS = 10_000;

/** What takes long: faults at random in large counts, and whoever means no good. */
const THEMES: Readonly<Record<string, (claims: number, seed: number) => Promise<readonly Figure[]>>> = {
  attacks: measureAttacks,
  leases: (claims) =>
    withCluster({}, async ({ environment }) => [
      ...(await measureChaos("consul", environment, claims)),
      ...(await measureChaos("nomad", environment, claims)),
    ]),
  "slots-consul": (claims, seed) => measureLongChaos("consul", claims, seed),
  "slots-nomad": (claims, seed) => measureLongChaos("nomad", claims, seed),
};

/**
 * What the pools promise under faults.
 *
 * @param only one theme. Default: all of them
 * @param claims of each theme. Default: 10,000
 * @param seed draws what is killed
 */
export async function measurePoolsLong(only?: string, claims = CLAIMS, seed = SEED): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(THEMES))
    if (only === undefined || only === name) figures.push(...(await measure(claims, seed)));
  return figures;
}
