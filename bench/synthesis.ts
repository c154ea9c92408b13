import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "./compile";
import { sideBySide, type Candidate, type Taken } from "./measure";

/** A figure with what it has to reach. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly goal: string;
  readonly reached: boolean;
}

const ROOT = join(__dirname, "..");
const STACKS = ["dev", "staging", "prod"];

/** What a program synthesizes, in one file for the floor to read. */
function readyStrings(args: readonly string[], folder: string, name: string): string {
  const outdir = join(folder, name);
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, CDKTF_OUTDIR: outdir },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  const stacks = STACKS.map((stack) => ({
    name: stack,
    ...(JSON.parse(readFileSync(join(outdir, "stacks", stack, "cdk.tf.json"), "utf8")) as object),
  }));
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(stacks));
  return file;
}

/** How long synthesis takes, beside the floor and beside cdk8s-plus. */
export function measureSynthesis(rounds: number): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-"));
  try {
    const compiled = compile(folder);
    const program = (name: string) => join(compiled, "bench/programs", `${name}.js`);
    const main = [join(compiled, "main.js")];
    const jobs = (count: number) => [program("jobs"), String(count)];
    const floor = (name: string, args: readonly string[]): Candidate => ({
      name,
      args: [program("floor"), readyStrings(args, folder, name)],
    });
    const taken = sideBySide(
      [
        { name: "the program", args: main },
        floor("its floor", main),
        { name: "3 x 100 jobs", args: jobs(100) },
        { name: "3 x 1,000 jobs", args: jobs(1000) },
        floor("floor of 3 x 1,000 jobs", jobs(1000)),
        { name: "3 x 4,000 jobs", args: jobs(4000) },
        { name: "cdk8s-plus, the same 9,000 tasks", args: [program("cdk8s"), "1000"] },
      ],
      rounds,
      program("usage"),
    );
    for (const [name, { seconds, cpuSeconds, mebibytes }] of taken)
      console.log(
        `  ${seconds.toFixed(2)} s  ${cpuSeconds.toFixed(2)} s of processor  ${mebibytes.toFixed(0)} MiB  ${name}`,
      );
    const ratio = (a: string, b: string, of: keyof Taken) => (taken.get(a)?.[of] ?? 0) / (taken.get(b)?.[of] ?? 1);
    const most = (what: string, a: string, b: string, goal: number, of: keyof Taken = "seconds"): Figure => ({
      what,
      value: of === "mebibytes" ? ratio(a, b, of).toFixed(2) : bothTimes(a, b),
      goal: `at most ${goal}`,
      reached: ratio(a, b, of) <= goal,
    });
    // On a busy machine the time that passes says as much of the others.
    const bothTimes = (a: string, b: string) =>
      `${ratio(a, b, "seconds").toFixed(2)} (of processor ${ratio(a, b, "cpuSeconds").toFixed(2)})`;
    const cdk8s = ratio("cdk8s-plus, the same 9,000 tasks", "3 x 1,000 jobs", "seconds");
    return [
      most("synthesis of the program, times its floor", "the program", "its floor", 1.25),
      most("synthesis of 3 x 1,000 jobs, times its floor", "3 x 1,000 jobs", "floor of 3 x 1,000 jobs", 1.2),
      most(
        "memory of 3 x 1,000 jobs, times the floor's",
        "3 x 1,000 jobs",
        "floor of 3 x 1,000 jobs",
        1.1,
        "mebibytes",
      ),
      most("growth from 3 x 100 to 3 x 1,000 jobs", "3 x 1,000 jobs", "3 x 100 jobs", 12),
      most("growth from 3 x 1,000 to 3 x 4,000 jobs", "3 x 4,000 jobs", "3 x 1,000 jobs", 3.2),
      {
        what: "cdk8s-plus with the same tasks as Deployments, times ours",
        value: bothTimes("cdk8s-plus, the same 9,000 tasks", "3 x 1,000 jobs"),
        goal: "at least 4",
        reached: cdk8s >= 4,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
