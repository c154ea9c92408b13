import { measureCorpus } from "./corpus";
import { measureDeployment } from "./deployment";
import { measureMasking } from "./masking";
import { measureOperations } from "./operate";
import { measurePools, measurePoolsLong } from "./pools";
import { measureReliability } from "./reliability";
import { measureSimulation } from "./simulation/figures";
import { measureSynthesis, type Figure } from "./synthesis";

/** What may be measured by its name; the last two are not among all: they take an hour. */
const KINDS = [
  ...["synthesis", "corpus", "masking", "deployment", "operate", "reliability", "pools"],
  ...["simulation", "pools-long"],
];

/** Measures every figure that this project promises, side by side with what it is held against. */
async function main(): Promise<void> {
  const wanted = process.argv[2];
  if (wanted !== undefined && !KINDS.includes(wanted))
    throw new Error(`"${wanted}" is no figure; write ${KINDS.join(", ")}`);
  const figures: Figure[] = [];
  if (wanted === undefined || wanted === "synthesis") {
    console.log("synthesis, whole processes, medians of 5 rounds in turn");
    figures.push(...measureSynthesis(5));
  }
  if (wanted === undefined || wanted === "corpus") {
    console.log("jobs read, judged and rendered, beside an embedded server, medians of 9 rounds in turn");
    figures.push(...(await measureCorpus(9)));
  }
  if (wanted === undefined || wanted === "masking") {
    console.log("JSON that holds tens of thousands of secrets, the best of 3 rounds");
    figures.push(...measureMasking(3));
  }
  if (wanted === undefined || wanted === "deployment") {
    console.log("deployment on an embedded cluster, medians of 3 rounds in turn");
    figures.push(...(await measureDeployment(3)));
  }
  if (wanted === undefined || wanted === "operate") {
    console.log("preview, deployment and canaries among 100 jobs on an embedded cluster, medians of 3 rounds");
    figures.push(...(await measureOperations(3)));
  }
  if (wanted === undefined || wanted === "reliability") {
    console.log("what is drawn in large counts: answers of servers that lack parts, texts that somebody hostile wrote");
    figures.push(...(await measureReliability(process.argv[3])));
  }
  if (wanted === undefined || wanted === "pools") {
    console.log("claims and commands of pools, p50 and p99 of at least 1,000");
    figures.push(...(await measurePools(process.argv[3])));
  }
  if (wanted === "simulation") {
    console.log("the pools' managers in simulated time, a thousand nodes");
    figures.push(...(await measureSimulation(process.argv[3])));
  }
  if (wanted === "pools-long") {
    console.log("ten thousand claims while everything is killed, and attacks on slots");
    const [only, ...numbers] = process.argv.slice(3);
    figures.push(...(await measurePoolsLong(only, ...numbers.map(Number))));
  }
  console.log("\n| figure | measured | goal | |\n| --- | --- | --- | --- |");
  for (const { what, value, goal, reached } of figures)
    console.log(`| ${what} | ${value} | ${goal} | ${reached ? "reached" : "missed"} |`);
  // A part that is none would be measured by nobody, and miss no goal.
  if (figures.length === 0) throw new Error(`"${process.argv[3]}" is no part of ${wanted}, and nothing was measured`);
  if (figures.some(({ reached }) => !reached)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
