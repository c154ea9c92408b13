/**
 * Tests the Python package in clients/python: `npm run test:python`. It makes environments with pinned packages in the project's cache, checks types and
 * style, runs what needs no cluster on every Python that there is, and what needs one on the first of them, with a real hermes-agent. What cannot be had
 * on a machine is said, and is no failure. With `--unit` it starts no cluster; with `--prepare` it makes the environments alone, for machines
 * that are without a network later.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../lib/local";
import { reservePorts } from "../../__tests__/support/ports";
import { environmentOf, findPythons, type Python } from "./pythons";

const PROJECT = join(__dirname, "../../clients/python");
const WITHOUT_CLUSTER = ["-m", "not cluster"];
/** It ends what hangs, in milliseconds. */
const LIMIT = 900_000;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Runs something whose exit code is one test. */
function check(name: string, command: string, ...args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: PROJECT, stdio: "inherit", timeout: LIMIT });
  if (status === 0) counts.passed += 1;
  else counts.failed += 1;
  say(`${status === 0 ? "✓" : "✕"} ${name}`);
}

/** Runs tests, and counts them. In CI, what failed is run once more, and that is said: on real servers a busy machine can be late for reasons that are nobody's. */
function pytest(python: string, env: Readonly<Record<string, string>>, ...args: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-pytest-"));
  const run = (...more: readonly string[]): Counts => {
    const report = join(folder, "report.xml");
    rmSync(report, { force: true });
    const usual = ["-o", `cache_dir=${join(folder, "cache")}`, `--junitxml=${report}`, "--durations=5"];
    const { status } = spawnSync(python, ["-m", "pytest", ...usual, ...args, ...more], {
      cwd: PROJECT,
      stdio: "inherit",
      timeout: LIMIT,
      env: { ...process.env, ...env, PYTHONPATH: join(PROJECT, "src"), PYTHONDONTWRITEBYTECODE: "1" },
    });
    const read = readReport(report) ?? { passed: 0, failed: 1, skipped: 0 };
    return status !== 0 && read.failed === 0 ? { ...read, failed: 1 } : read;
  };
  try {
    const first = run();
    const isTriedAgain = process.env.CI !== undefined && first.failed > 0;
    if (isTriedAgain) say("once more, what failed:");
    const again = isTriedAgain ? run("--last-failed") : undefined;
    counts.passed += first.passed + (again?.passed ?? 0);
    counts.failed += (again ?? first).failed;
    counts.skipped += first.skipped;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The figures of a report of JUnit's form. */
function readReport(path: string): Counts | undefined {
  try {
    const [, attributes = ""] = /<testsuite ([^>]*)>/.exec(readFileSync(path, "utf8")) ?? [];
    const figure = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(attributes)?.[1] ?? Number.NaN);
    const [failed, skipped] = [figure("failures") + figure("errors"), figure("skipped")];
    const passed = figure("tests") - failed - skipped;
    return Number.isNaN(passed) ? undefined : { passed, failed, skipped };
  } catch {
    return undefined;
  }
}

async function testPackage(pythons: readonly Python[], cache: string): Promise<void> {
  const [first, ...others] = pythons;
  if (first === undefined) {
    say("skipped: there is no Python 3.11, 3.12 or 3.13 with venv on this machine");
    return;
  }
  const [whole, ...rest] = await Promise.all([
    environmentOf(first, cache, PROJECT, "hermes.txt"),
    ...others.map((python) => environmentOf(python, cache, PROJECT, "unit.txt")),
  ]);
  if ("trouble" in whole) {
    say(`skipped: the packages of the tests cannot be had: ${whole.trouble}`);
    return;
  }
  if (process.argv.includes("--prepare")) return;
  say(`Python ${first.version}, with hermes-agent and a cluster`);
  check("ruff check", join(whole.bin, "ruff"), "check", "--no-cache", ".");
  check("ruff format", join(whole.bin, "ruff"), "format", "--no-cache", "--check", ".");
  check("mypy --strict", join(whole.bin, "mypy"), "--cache-dir", join(cache, "mypy"));
  if (process.argv.includes("--unit")) pytest(whole.python, {}, ...WITHOUT_CLUSTER);
  else {
    const ports = await reservePorts();
    try {
      pytest(whole.python, { CDK_NOMAD_TEST_PORT_OFFSET: String(ports.offset) });
    } finally {
      await ports.release();
    }
  }
  for (const [index, { version }] of others.entries()) {
    const made = rest[index];
    say(`Python ${version}`);
    if (made === undefined || "trouble" in made) say(`skipped: its packages cannot be had: ${made?.trouble ?? ""}`);
    else pytest(made.python, {}, ...WITHOUT_CLUSTER);
  }
}

void testPackage(
  findPythons(process.env),
  join(cacheFolder(process.env, { platform: process.platform, home: homedir() }), "python"),
).then(() => {
  const { passed, failed, skipped } = counts;
  const parts = [failed && `${failed} failed`, skipped && `${skipped} skipped`, `${passed} passed`].filter(Boolean);
  say(`\nTests:       ${parts.join(", ")}, ${passed + failed + skipped} total`);
  process.exitCode = failed === 0 ? 0 : 1;
});
