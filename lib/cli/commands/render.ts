import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Job, UserError } from "../../jobspec";
import { readJobFile, readStack, synthesizeProject } from "../../operations";
import { localCluster, type CliContext } from "../context";
import { hclParser, type HclOptions } from "../hcl";

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
  const all = existsSync(name) ? await jobsOfFile(name, options, context) : await jobsOfStack(name, options, context);
  const jobs = id === undefined ? all : all.filter((job) => job.id === id);
  if (jobs.length === 0) {
    const known = all.map((job) => job.id).join(", ");
    throw UserError.at(name, `has no job "${id ?? ""}"; write one of ${known}`, "job");
  }
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

async function jobsOfFile(file: string, options: RenderOptions, context: CliContext): Promise<readonly Job[]> {
  const parser = hclParser(options, context);
  try {
    const { jobs, problems } = await readJobFile(file, parser.parse);
    const errors = problems.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new UserError(errors);
    return jobs;
  } finally {
    await parser.close();
  }
}

async function jobsOfStack(
  stack: string,
  options: RenderOptions,
  { env, signal }: CliContext,
): Promise<readonly Job[]> {
  const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-render-"));
  try {
    await synthesizeProject({ project: localCluster().project, outdir, signal });
    return readStack(outdir, stack, { variables: options.var ?? {}, env })
      .filter((item) => item.kind === "job")
      .map((item) => Job.fromApi(item.job));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
