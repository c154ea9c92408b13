import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPrismFolder } from "../../stacks";

// A folder of programs that cannot be meant: with stand-ins in their place, all would look well.

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-prism-folder-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a folder that is not there, and one with none of the programs, are refused with what to write", () => {
  const instead =
    /; write the one that holds prism-admin, pattern-launcher, keyvalue-runner, or an empty PRISM_BIN_DIR=/;
  expect(() => checkPrismFolder(join(folder, "nowhere"))).toThrow(/^PRISM_BIN_DIR: there is no folder /);
  expect(() => checkPrismFolder(join(folder, "nowhere"))).toThrow(instead);
  expect(() => checkPrismFolder(folder)).toThrow(/holds none of Prism's programs/);
  const file = join(folder, "keyvalue-runner");
  writeFileSync(file, "");
  expect(() => checkPrismFolder(file)).toThrow(/there is no folder/);
  expect(() => checkPrismFolder(folder)).not.toThrow();
  expect(() => checkPrismFolder(undefined)).not.toThrow();
});

test.each([
  ["deploy", 1],
  ["status", 0],
] as const)("the program says so where something is about to be brought, as by %s", (command, code) => {
  const env = {
    ...process.env,
    PRISM_BIN_DIR: join(folder, "nowhere"),
    CDK_NOMAD_COMMAND: command,
    CDKTF_OUTDIR: join(folder, command),
  };
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "main.ts"], { env, encoding: "utf8" });
  expect(status).toBe(code);
  expect(stderr.includes("PRISM_BIN_DIR: there is no folder")).toBe(code === 1);
});
