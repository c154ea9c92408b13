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

interface Measured {
  readonly jobs: number;
  /** Milliseconds for all jobs: in the first pass, and in every round. */
  readonly first: number;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  /** The server's, given four requests at once. */
  readonly many: readonly number[];
}

/** Reading, judging and rendering jobs, beside what a server takes to judge them: in turn, in one process. */
export async function measureCorpus(rounds: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-"));
  try {
    const program = join(compile(folder), "bench/programs/corpus.js");
    const file = join(folder, "jobs.json");
    writeFileSync(file, JSON.stringify((await bases()).map(({ job }) => job)));
    const { stdout } = await withServer(undefined, (address) =>
      promisify(execFile)(process.execPath, [program, file, address, String(rounds)]),
    );
    const { jobs, first, ours, theirs, many } = JSON.parse(stdout) as Measured;
    const each = (times: readonly number[]) => (median(times) * 1000) / jobs;
    console.log(`  ${each(ours).toFixed(0)} µs  a job here: read, judged, rendered (${jobs} jobs)`);
    console.log(`  ${each([first]).toFixed(0)} µs  a job here in the very first pass of the process`);
    console.log(`  ${each(theirs).toFixed(0)} µs  a job at PUT /v1/validate/job`);
    console.log(`  ${each(many).toFixed(0)} µs  a job there, four requests at once`);
    const times = (other: readonly number[]) => median(other) / median(ours);
    const ratio = times(theirs);
    return [
      {
        what: "jobs read, judged and rendered a second, times those that a server judges",
        value: ratio.toFixed(1),
        goal: "at least 40",
        reached: ratio >= 40,
      },
      {
        what: "the same in the first pass of a process",
        value: (median(theirs) / first).toFixed(1),
        goal: "at least 8",
        reached: median(theirs) / first >= 8,
      },
      {
        what: "the same where the server is given four at once, on two cores",
        value: times(many).toFixed(1),
        goal: "at least 15",
        reached: times(many) >= 15,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
