import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { machineArguments } from "../../lib/pools/jobs";

// A state fits machines with the very arguments of the one that left it, so the recipe has those of the job.
const { status } = spawnSync("bash", [join(__dirname, "build.sh"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, BROWSER_ARGUMENTS: machineArguments("FOLDER").join("\n") },
});
process.exitCode = status ?? 1;
