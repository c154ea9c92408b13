import type { CliContext } from "../context";
import type { HclOptions } from "../hcl";
import { jobsOf } from "../jobs";

/** Options of `render`. */
export interface RenderOptions extends HclOptions {
  readonly format: "json" | "hcl";
}

/** Prints the jobs of a stack, or of a file, as API JSON or as HCL. */
export async function render(
  name: string,
  id: string | undefined,
  options: RenderOptions,
  context: CliContext,
): Promise<void> {
  const jobs = await jobsOf(name, id, options, context);
  const { terminal } = context;
  if (options.format === "hcl")
    terminal.print(
      jobs
        .map((job) => job.toHcl())
        .join("\n")
        .trimEnd(),
    );
  else terminal.print(JSON.stringify(jobs.length === 1 ? jobs[0]?.toApi() : jobs.map((job) => job.toApi()), null, 2));
}
