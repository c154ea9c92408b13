import { readFileSync } from "node:fs";
import { Job } from "../../lib";
import { ask } from "../parity/server";

/** Reads, judges and renders the jobs of a file here, and has a server judge them, in turn; prints the times of every round. */
async function main(file: string, address: string, rounds: number): Promise<void> {
  const jobs = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>[];
  const here = () => {
    const started = performance.now();
    const read = jobs.map((json) => Job.fromApi(json));
    for (const job of read) job.validate();
    for (const job of read) JSON.stringify(job.toApi());
    return performance.now() - started;
  };
  const there = async () => {
    const started = performance.now();
    for (const job of jobs) await ask(address, job);
    return performance.now() - started;
  };
  const ours: number[] = [];
  const theirs: number[] = [];
  // Both have done this for a while before it counts: Node compiles what it has seen often, and so does nobody's first job.
  for (let warm = 0; warm < 20; warm += 1) here();
  await there();
  for (let round = 0; round < rounds; round += 1) {
    ours.push(here());
    theirs.push(await there());
  }
  console.log(JSON.stringify({ jobs: jobs.length, ours, theirs }));
}

void main(process.argv[2] ?? "", process.argv[3] ?? "", Number(process.argv[4] ?? 9));
