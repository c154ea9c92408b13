import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program to be timed as a whole process, by its arguments to node. */
export interface Candidate {
  readonly name: string;
  readonly args: readonly string[];
}

/** What a program takes. */
export interface Taken {
  readonly seconds: number;
  /** Processor time, which other programs on the machine hardly change. */
  readonly cpuSeconds: number;
  /** The most memory that it had at once. */
  readonly mebibytes: number;
}

/**
 * Measures programs side by side: in turn, A B C A B C, after one round that does not count, so that a change of the machine's speed hits
 * all alike.
 *
 * @param usage the compiled program that tells what a process used
 * @returns the medians of each
 */
export function sideBySide(
  candidates: readonly Candidate[],
  rounds: number,
  usage: string,
): ReadonlyMap<string, Taken> {
  const all = new Map(candidates.map(({ name }) => [name, [] as Taken[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, args } of candidates) {
      const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-"));
      const used = join(outdir, "used.json");
      const started = process.hrtime.bigint();
      const { status, stderr } = spawnSync(process.execPath, ["--require", usage, ...args], {
        env: { ...process.env, CDKTF_OUTDIR: join(outdir, "out"), BENCH_USAGE: used },
        encoding: "utf8",
      });
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      const taken = { seconds, ...(JSON.parse(readFileSync(used, "utf8")) as Omit<Taken, "seconds">) };
      rmSync(outdir, { recursive: true, force: true });
      if (round > 0) all.get(name)?.push(taken);
    }
  }
  return new Map(
    [...all].map(([name, list]) => {
      const middle = (of: keyof Taken) => median(list.map((taken) => taken[of]));
      return [
        name,
        { seconds: middle("seconds"), cpuSeconds: middle("cpuSeconds"), mebibytes: middle("mebibytes") },
      ] as const;
    }),
  );
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
