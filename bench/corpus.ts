import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { compile } from "./compile";
import { median } from "./measure";
import { bases } from "./parity/bases";
import { withServer } from "./parity/server";
import type { Figure } from "./synthesis";

/** Reading, judging and rendering jobs, beside what a server takes to judge them: in turn, in one process. */
export async function measureCorpus(rounds: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-"));
  try {
    const program = join(compile(folder), "bench/programs/corpus.js");
    const file = join(folder, "jobs.json");
    writeFileSync(file, JSON.stringify((await bases()).map(({ job }) => job)));
    const { stdout } = await withServer(14000, (address) =>
      promisify(execFile)(process.execPath, [program, file, address, String(rounds)]),
    );
    const { jobs, ours, theirs } = JSON.parse(stdout) as { jobs: number; ours: number[]; theirs: number[] };
    const each = (times: readonly number[]) => (median(times) * 1000) / jobs;
    console.log(`  ${each(ours).toFixed(0)} µs  a job here: read, judged, rendered (${jobs} jobs)`);
    console.log(`  ${each(theirs).toFixed(0)} µs  a job at PUT /v1/validate/job`);
    const ratio = median(theirs) / median(ours);
    return [
      {
        what: "jobs read, judged and rendered a second, times those that a server judges",
        value: ratio.toFixed(1),
        goal: "at least 20",
        reached: ratio >= 20,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
