import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { withSynthesis } from "../../lib/operations";

const REPOSITORY = join(__dirname, "../..");

/** A program that depends on the context in its ids and in its values. */
const PROGRAM = `
import { App, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
const app = new App();
const stack = new TerraformStack(app, "lab");
const inner = new Construct(stack, "inner");
new TerraformVariable(inner, "level", { type: "string", default: String(stack.node.tryGetContext("level")) });
new TerraformOutput(inner, "tiers", { value: stack.node.tryGetContext("tiers") });
new TerraformOutput(inner, "given", { value: Object.keys(process.env).filter((name) => /^TF_VAR_/.test(name)).join() });
app.synth();
`;

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => [relative(folder, path), readFileSync(path, "utf8")]),
  );
}

test("a program is synthesized byte for byte as cdktf's own command synthesizes it", async () => {
  const project = mkdtempSync(join(tmpdir(), "cdk-nomad-cdktf-"));
  try {
    const settings = {
      language: "typescript",
      app: `"${process.execPath}" --import tsx main.ts`,
      projectId: "00000000-0000-4000-8000-000000000001",
      sendCrashReports: "false",
      context: {
        level: "debug",
        tiers: ["gold", "iron"],
        excludeStackIdFromLogicalIds: "true",
        allowSepCharsInLogicalIds: "true",
      },
    };
    writeFileSync(join(project, "cdktf.json"), JSON.stringify(settings));
    writeFileSync(join(project, "main.ts"), PROGRAM);
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "commonjs" }));
    symlinkSync(join(REPOSITORY, "node_modules"), join(project, "node_modules"));
    const env = { ...process.env, TF_VAR_secret: "x", CHECKPOINT_DISABLE: "1", CI: "1" };
    const theirs = spawnSync(join(REPOSITORY, "node_modules/.bin/cdktf"), ["synth", "--output", "theirs"], {
      cwd: project,
      env,
      encoding: "utf8",
      timeout: 280_000,
    });
    expect([theirs.status, theirs.status === 0 ? "" : theirs.stderr + theirs.stdout]).toEqual([0, ""]);
    const ours = await withSynthesis({ project, env: { ...process.env, TF_VAR_secret: "x" } }, async (outdir) =>
      filesOf(outdir),
    );
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(["manifest.json", "stacks/lab/cdk.tf.json"]));
    expect(ours["stacks/lab/cdk.tf.json"]).toContain('"debug"');
    expect(ours).toEqual(filesOf(join(project, "theirs")));
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}, 300_000);
