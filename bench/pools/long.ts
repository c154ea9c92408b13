import { withCluster } from "../../__tests__/support/cluster";
import type { Figure } from "../synthesis";
import { measureAttacks } from "./attacks";
import { measureLongChaos } from "./chaos";
import { measureChaos } from "./claims";

/** Claims of each. */
const CLAIMS = 10_000;

/** What takes long: faults at random in large counts, and whoever means no good. */
const THEMES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  attacks: measureAttacks,
  leases: () =>
    withCluster({}, async ({ environment }) => [
      ...(await measureChaos("consul", environment, CLAIMS)),
      ...(await measureChaos("nomad", environment, CLAIMS)),
    ]),
  "slots-consul": () => measureLongChaos("consul", CLAIMS),
  "slots-nomad": () => measureLongChaos("nomad", CLAIMS),
};

/** What the pools promise under faults. @param only one theme. Default: all of them */
export async function measurePoolsLong(only?: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(THEMES))
    if (only === undefined || only === name) figures.push(...(await measure()));
  return figures;
}
