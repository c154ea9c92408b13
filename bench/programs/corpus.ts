import { readFileSync } from "node:fs";
import { Job } from "../../lib";
import { ask } from "../parity/server";

/** How often the jobs are taken here in one turn, so that both sides are at it for about as long. */
const PASSES = 20;
/** Requests at once that keep every core of the server busy; here there is but one. */
const MANY = 4;

/** Reads, judges and renders the jobs of a file here, and has a server judge them, in turn; prints the times of every round. */
async function main(file: string, address: string, rounds: number): Promise<void> {
  const jobs = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>[];
  const pass = () => {
    const started = performance.now();
    const read = jobs.map((json) => Job.fromApi(json));
    for (const job of read) job.validate();
    for (const job of read) JSON.stringify(job.toApi());
    return performance.now() - started;
  };
  const here = () => {
    let sum = 0;
    for (let time = 0; time < PASSES; time += 1) sum += pass();
    return sum / PASSES;
  };
  const there = async (atOnce: number) => {
    const started = performance.now();
    let next = 0;
    const client = async () => {
      for (let job = jobs[next++]; job; job = jobs[next++]) await ask(address, job);
    };
    await Promise.all(Array.from({ length: atOnce }, client));
    return performance.now() - started;
  };
  const first = pass();
  const ours: number[] = [];
  const theirs: number[] = [];
  const many: number[] = [];
  // Both have done this for a while before it counts.
  here();
  await there(MANY);
  for (let round = 0; round < rounds; round += 1) {
    ours.push(here());
    theirs.push(await there(1));
    many.push(await there(MANY));
  }
  console.log(JSON.stringify({ jobs: jobs.length, first, ours, theirs, many }));
}

void main(process.argv[2] ?? "", process.argv[3] ?? "", Number(process.argv[4] ?? 9));
