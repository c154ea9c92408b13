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
  interrupted: "nothing was changed",
  async run(input, context) {
    const { terminal } = context;
    const jobs = await jobsOf(input.stack, input.job, input, context);
    if (input.format === "hcl")
      terminal.print(
        jobs
          .map((job) => job.toHcl())
          .join("\n")
          .trimEnd(),
      );
    else terminal.json(jobs.length === 1 ? jobs[0]?.toApi() : jobs.map((job) => job.toApi()));
    return EXIT.ok;
  },
});
