import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { EGRESS_ADDRESS, EGRESS_PROGRAM } from "../../lib/pools/egress";
import { machineArguments } from "../../lib/pools/jobs";

const root = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-egress-"));
try {
  const program = join(folder, EGRESS_PROGRAM);
  buildSync({
    absWorkingDir: root,
    entryPoints: [join(root, "lib/pools/egress/main.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  // A state fits machines with the very arguments of the one that left it, so the recipe has those of the job.
  const { status } = spawnSync("bash", [join(__dirname, "build.sh"), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: {
      ...process.env,
      BROWSER_ARGUMENTS: machineArguments("FOLDER").join("\n"),
      BROWSER_PROXY: `${EGRESS_ADDRESS.host} ${EGRESS_ADDRESS.port}`,
      BROWSER_EGRESS: program,
    },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
