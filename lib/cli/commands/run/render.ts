import { EXIT } from "../../exit-codes";
import { jobsOf } from "../../jobs";
import type { CliContext } from "../../context";
import type { Input } from "../render";

/** Prints the jobs of a stack, or of a file, as API JSON or as HCL. */
export async function run(input: Input, context: CliContext) {
  const { terminal } = context;
  const jobs = await jobsOf(input.stack, input.job, input, context);
  if (input.format === "hcl") terminal.handOver(jobs.map((job) => job.toHcl()).join("\n"));
  else {
    const all = jobs.map((job) => job.toApi());
    terminal.handOver(JSON.stringify(all.length === 1 ? all[0] : all, null, 2));
  }
  return EXIT.ok;
}
