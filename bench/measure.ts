import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program to be timed as a whole process, by its arguments to node. */
export interface Candidate {
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * Times programs side by side: in turn, A B C A B C, after one round that does not count, so that a change of the machine's speed hits
 * all alike.
 *
 * @returns the median of each, in seconds
 */
export function sideBySide(candidates: readonly Candidate[], rounds: number): Record<string, number> {
  const times: Record<string, number[]> = Object.fromEntries(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, args } of candidates) {
      const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-"));
      const started = process.hrtime.bigint();
      const { status, stderr } = spawnSync(process.execPath, args, {
        env: { ...process.env, CDKTF_OUTDIR: outdir },
        encoding: "utf8",
      });
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      rmSync(outdir, { recursive: true, force: true });
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      if (round > 0) times[name]?.push(seconds);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
