import { allocationsRead } from "./large-list";
import { ASKINGS, DrawnAnswers, type Crash } from "../../__tests__/support/drawn-answers";
import type { Figure } from "../synthesis";

/** Draws answers with parts that are null or missing, of every endpoint that is used, and whole states for what commands do with them. */
export async function measureAnswers(runs: number): Promise<readonly Figure[]> {
  const answers = await new DrawnAnswers().open();
  const crashes: Crash[] = [];
  try {
    for (const asking of ASKINGS) crashes.push(...(await answers.readers(asking, runs)));
    crashes.push(...(await answers.operations(runs)));
  } finally {
    await answers.close();
  }
  for (const { what, error } of crashes.slice(0, 5)) console.error(what, error);
  const milliseconds = await allocationsRead(5000);
  return [
    {
      what: `crashes in ${runs} drawn answers of each of ${ASKINGS.length} endpoints, and ${runs} states`,
      value: String(crashes.length),
      goal: "0",
      reached: crashes.length === 0,
    },
    {
      what: "a list of 5,000 allocations asked, parsed and checked",
      value: `${Math.round(milliseconds)} ms`,
      goal: "1,000 ms",
      reached: milliseconds < 1000,
    },
  ];
}
