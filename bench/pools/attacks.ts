import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttackedServer, ATTACKS } from "../../__tests__/support/attacks";
import { bundleSandboxServer } from "../../__tests__/support/sandbox-server";
import type { Figure } from "../synthesis";

/** Rounds of all attacks: some depend on the moment. */
const ROUNDS = 3;

/** What one slot of a real sandbox server tries on others, on its server and on the machine. */
export async function measureAttacks(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-attacks-"));
  const figures: Figure[] = [];
  try {
    const program = bundleSandboxServer(folder);
    for (const kind of ["bubblewrap", "user"]) {
      const server = new AttackedServer(program);
      try {
        await server.begin(kind);
        let through = 0;
        for (let round = 0; round < ROUNDS; round += 1)
          for (const attack of ATTACKS) {
            const reached = await server.tried(attack);
            if (reached === undefined) continue;
            through += 1;
            console.log(`  ${kind}: ${attack.what}: ${reached}`);
          }
        figures.push({
          what: `attacks on slots by ${kind} that got through, of ${ATTACKS.length} kinds, ${ROUNDS} times each`,
          value: String(through),
          goal: "0",
          reached: through === 0,
        });
      } finally {
        await server.finish();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}
