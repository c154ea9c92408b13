import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli, environment } from "../support/run-cli";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-wanted-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["dev", true],
  ["prod", false],
  [undefined, true],
] as const)(
  "of what was decided about containers only that of the stack is said that is brought: %s",
  (stack, said) => {
    const env = {
      ...process.env,
      // Whatever Docker this machine has is not found.
      PATH: "/nowhere",
      CDK_NOMAD_COMMAND: "deploy",
      CDKTF_OUTDIR: join(folder, "out"),
      ...(stack === undefined ? {} : { CDK_NOMAD_STACK: stack }),
    };
    const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "main.ts"], { env, encoding: "utf8" });
    expect([status, stderr.includes("dev: no Docker answers here")]).toEqual([0, said]);
  },
);

test("the program is told which stack a command is for", async () => {
  const program = "console.error(`for ${process.env.CDK_NOMAD_STACK}`); process.exit(1)";
  writeFileSync(join(folder, "main.js"), program);
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ app: `"${process.execPath}" main.js` }));
  const { stderr } = await cli(["render", "lab"], { cwd: folder, env: environment() });
  expect(stderr).toContain("for lab");
});
