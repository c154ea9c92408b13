import { term } from "../../text";
import { choice, command, optionalArgument } from "../command";
import { EXIT } from "../exit-codes";
import { jobsOf } from "../jobs";
import { stackOrFile, variables } from "../options";

/** Prints the jobs of a stack, or of a file, as API JSON or as HCL. */
export const render = command({
  name: "render",
  summary: "print the jobs of a stack, or of a file, as API JSON or as HCL",
  arguments: { ...stackOrFile, job: optionalArgument("the job's id, where there are several") },
  options: { format: choice("format", "what is printed", ["json", "hcl"], "json"), ...variables },
  examples: ["cdk-nomad render dev", "cdk-nomad render web.json --format hcl"],
  exitCodes: { [EXIT.ok]: "the jobs are printed" },
  interrupted: term`nothing was changed`,
  async run(input, context) {
    const { terminal } = context;
    const jobs = await jobsOf(input.stack, input.job, input, context);
    if (input.format === "hcl") terminal.handOver(jobs.map((job) => job.toHcl()).join("\n"));
    else {
      const all = jobs.map((job) => job.toApi());
      terminal.handOver(JSON.stringify(all.length === 1 ? all[0] : all, null, 2));
    }
    return EXIT.ok;
  },
});
