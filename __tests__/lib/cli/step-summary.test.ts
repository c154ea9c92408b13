import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli, environment } from "../../support/run-cli";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-summary-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a report about drift, of which there is none, into a summary; then GitHub is asked, and nobody answers. */
async function summarize(summary: string) {
  const report = join(folder, "drift.json");
  writeFileSync(report, JSON.stringify({ environment: "dev", jobs: [], consul: [], unchanged: 1 }));
  return cli(["github", "issue", report], {
    cwd: folder,
    env: environment({
      GITHUB_TOKEN: "t",
      GITHUB_REPOSITORY: "a/b",
      GITHUB_API_URL: "http://127.0.0.1:9",
      GITHUB_STEP_SUMMARY: summary,
    }),
  });
}

test("the summary of a run is added to what is there", async () => {
  const file = join(folder, "summary.md");
  writeFileSync(file, "before\n");
  await summarize(file);
  expect(readFileSync(file, "utf8")).toMatch(/^before\n.*\*\*`?dev`?\*\* is as the program says/);
});

test("a summary that nobody can be told holds nothing up, and says why", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const begun = performance.now();
  for (const [path, code] of [
    [pipe, "ENXIO"],
    ["/dev/full", "ENOSPC"],
    [folder, "EISDIR"],
  ] as const) {
    const { code: exit, stderr } = await summarize(path);
    expect([exit, stderr]).toEqual([
      1,
      expect.stringContaining(`GITHUB_STEP_SUMMARY: ${path} cannot be written (${code})`),
    ]);
  }
  expect(performance.now() - begun).toBeLessThan(20_000);
});
