import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../synthesis";

const ROOT = join(__dirname, "../..");
const TESTS = "__tests__/lib";

/** Runs the unit tests that draw what they try, with so many times their counts. */
export function measureDraws(times: number): Figure {
  const files = readdirSync(join(ROOT, TESTS), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(ROOT, TESTS, name))
    .filter((file) => /\bdraws\(/.test(readFileSync(file, "utf8")));
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-draws-"));
  try {
    const report = join(folder, "report.json");
    const jest = ["node_modules/jest/bin/jest.js", "--selectProjects", "unit", "--json", "--outputFile", report];
    // What a test draws that takes seconds in CI takes minutes here.
    const patience = ["--testTimeout", "3600000"];
    const env = { ...process.env, CDK_NOMAD_DRAWS: String(times) };
    spawnSync(process.execPath, [...jest, ...patience, "--runTestsByPath", ...files], {
      cwd: ROOT,
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const said = JSON.parse(readFileSync(report, "utf8")) as Report;
    const failed = said.numFailedTests + said.numRuntimeErrorTestSuites;
    const what = `${files.length} files of unit tests with ${times} times as many drawn inputs: tests that fail`;
    return { what, value: `${failed} of ${said.numTotalTests}`, goal: "0", reached: failed === 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Report {
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numTotalTests: number;
}
