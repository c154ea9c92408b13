/**
 * Runs the synthesis tests on CDK Terrain, the living fork of cdktf: a copy of this project in which npm's alias puts `cdktn` in the
 * place of `cdktf`, everything else as it is.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const RELEASE = "0.24.0";
/** What that release works with. */
const CONSTRUCTS = ">=10.6.0 <10.8.0";
const TESTS = ["__tests__/lib/constructs", "__tests__/stacks", "__tests__/lib/workloads"];

const root = join(__dirname, "../..");
const copy = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-cdktn-")));

function run(folder: string, command: string, ...args: string[]): string {
  const env = { ...process.env, NO_COLOR: "1" };
  return execFileSync(command, args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/** What Terraform gets of every stack, without what cdktf writes about itself. */
function stacks(folder: string): Record<string, unknown> {
  run(folder, process.execPath, "--import", "tsx", "main.ts");
  return Object.fromEntries(
    ["dev", "staging", "prod"].map((name) => {
      const file = join(folder, "cdktf.out/stacks", name, "cdk.tf.json");
      // Stand-ins are started from where the project is.
      const text = readFileSync(file, "utf8").replaceAll(folder, "");
      const { "//": _about, ...stack } = JSON.parse(text) as Record<string, unknown>;
      return [name, stack];
    }),
  );
}

try {
  const left = new Set(["node_modules", ".git", "cdktf.out", ".cdk-nomad", "dist", "package-lock.json"]);
  for (const name of readdirSync(root).filter((each) => !left.has(each)))
    cpSync(join(root, name), join(copy, name), { recursive: true });

  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    "dependencies" | "devDependencies" | "overrides",
    Record<string, string>
  >;
  manifest.dependencies.cdktf = `npm:cdktn@${RELEASE}`;
  manifest.dependencies.constructs = CONSTRUCTS;
  manifest.overrides.cdktf = "$cdktf";
  manifest.overrides.constructs = "$constructs";
  // Its command is another program, and not needed to synthesize.
  delete manifest.devDependencies["cdktf-cli"];
  writeFileSync(join(copy, "package.json"), JSON.stringify(manifest, null, 2));
  console.log(`installing cdktn ${RELEASE} in the place of cdktf`);
  run(copy, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error");
  const installed = JSON.parse(readFileSync(join(copy, "node_modules/cdktf/package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  if (installed.name !== "cdktn") throw new Error(`npm installed ${installed.name} ${installed.version}`);

  const [ours, theirs] = [stacks(root), stacks(copy)];
  const differing = Object.keys(ours).filter((name) => JSON.stringify(ours[name]) !== JSON.stringify(theirs[name]));
  if (differing.length > 0) throw new Error(`stacks differ on cdktn: ${differing.join(", ")}`);
  console.log(`the same ${Object.keys(ours).length} stacks to the byte, but for what each writes about itself`);
  const jest = join(copy, "node_modules/jest/bin/jest.js");
  execFileSync(process.execPath, [jest, ...TESTS, "--selectProjects", "unit"], { cwd: copy, stdio: "inherit" });
} finally {
  rmSync(copy, { recursive: true, force: true });
}
