import { join } from "node:path";
import * as fc from "fast-check";
import { withCluster } from "../../__tests__/support/cluster";
import { PLANTS, secrets } from "../../__tests__/support/drawn-plants";
import { seenInOutputs } from "../../__tests__/support/plant-outputs";
import { PLANTED } from "../../__tests__/support/planted";
import { runWithPlanted } from "../../__tests__/support/planted-run";
import type { Figure } from "../synthesis";

/** How many of the planted secrets are seen anywhere, over every command that prints, on an embedded cluster. */
export async function measureSecrets(): Promise<readonly Figure[]> {
  const program = join(__dirname, "../../__tests__/operate/programs/planted-secrets.ts");
  const { findings, open, outputs } = await withCluster({ program, acl: "open" }, (cluster) => runWithPlanted(cluster));
  const seen = findings.flatMap(({ where, leaks }) => leaks.map((leak) => `${where}: ${leak}`));
  for (const leak of seen) console.log(leak);
  const draws = 20_000;
  const drawn = drawnPlants(draws);
  for (const leak of drawn.slice(0, 10)) console.log(leak);
  return [
    {
      what: `secrets, of ${draws} that are drawn in ${PLANTS.length} ways to keep one in plain, seen in a plan, an error or a note, as text, JSON or Markdown`,
      value: String(drawn.length),
      goal: "0",
      reached: drawn.length === 0,
    },
    {
      what: `planted secrets seen in ${outputs.size} outputs, in files or in lists of processes`,
      value: `${seen.length} of ${PLANTED.length}`,
      goal: "0",
      reached: seen.length === 0,
    },
    {
      what: "files and folders that others may read",
      value: String(open.length),
      goal: "0",
      reached: open.length === 0,
    },
  ];
}

/** Draws ways to keep a secret in plain, and says which outputs show one. */
function drawnPlants(draws: number): readonly string[] {
  const seen: string[] = [];
  fc.assert(
    fc.property(fc.constantFrom(...PLANTS), secrets, secrets, (plant, before, after) => {
      if (before !== after) seen.push(...seenInOutputs(plant, before, after));
    }),
    { numRuns: draws },
  );
  return seen;
}
