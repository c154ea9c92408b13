import { join } from "node:path";
import { withCluster } from "../../__tests__/support/cluster";
import { PLANTED } from "../../__tests__/support/planted";
import { runWithPlanted } from "../../__tests__/support/planted-run";
import type { Figure } from "../synthesis";

/** How many of the planted secrets are seen anywhere, over every command that prints, on an embedded cluster. */
export async function measureSecrets(): Promise<readonly Figure[]> {
  const program = join(__dirname, "../../__tests__/operate/programs/planted-secrets.ts");
  const { findings, open, outputs } = await withCluster({ program }, (cluster) => runWithPlanted(cluster));
  const seen = findings.flatMap(({ where, leaks }) => leaks.map((leak) => `${where}: ${leak}`));
  for (const leak of seen) console.log(leak);
  return [
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
