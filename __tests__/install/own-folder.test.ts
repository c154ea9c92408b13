import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blocksOf } from "../support/documents";

// The library in a folder of somebody's own, as the README has it, with nothing but what npm brings.

const ROOT = join(__dirname, "../..");
const why = spawnSync("npm", ["ping"], { timeout: 20_000 }).status === 0 ? undefined : "npm reaches no registry";
if (why !== undefined) console.log(`skipped: the library in a folder of one's own; ${why}`);
const describeWithRegistry = why === undefined ? describe : describe.skip;

describeWithRegistry("the library in a folder of one's own", () => {
  test("comes in by the README's commands, and its first program is valid", () => {
    const place = mkdtempSync(join(tmpdir(), "cdk-nomad-own-"));
    const folder = join(place, "own");
    try {
      mkdirSync(folder);
      symlinkSync(ROOT, join(place, "cdk-nomad"));
      const blocks = blocksOf("README.md");
      const install = blocks.find(({ text }) => text.includes("npm pack"))?.text ?? "exit 1";
      const run = (command: string, args: readonly string[]) =>
        execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
      run("sh", ["-ec", install]);
      const programs = blocks.filter(({ language }) => language === "ts");
      writeFileSync(join(folder, "admin.ts"), programs[0]?.text ?? "");
      writeFileSync(join(folder, "main.ts"), programs.find(({ text }) => text.includes("new App()"))?.text ?? "");
      writeFileSync(join(folder, "cdktf.json"), blocks.find(({ text }) => text.includes('"app"'))?.text ?? "");
      expect(run("npx", ["cdk-nomad", "validate", "dev"])).toContain("✓ dev");
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }, 600_000);
});
