import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Job, UserError } from "../jobspec";
import { readContents, readJobFile, withSynthesis } from "../operations";
import { localCluster, type CliContext } from "./context";
import { hclParser, type HclOptions } from "./hcl";

/**
 * The jobs of a stack, or of a file; or the one of them with an id.
 *
 * @throws UserError where there is none
 */
export async function jobsOf(
  name: string,
  id: string | undefined,
  options: HclOptions,
  context: CliContext,
): Promise<readonly Job[]> {
  const all = existsSync(resolve(context.cwd, name))
    ? await jobsOfFile(name, options, context)
    : await jobsOfStack(name, options, context);
  const jobs = id === undefined ? all : all.filter((job) => job.id === id);
  if (jobs.length > 0) return jobs;
  const known = all.map((job) => job.id).join(", ");
  throw UserError.at(name, `has no job "${id ?? ""}"; write one of ${known}`, "job");
}

async function jobsOfFile(file: string, options: HclOptions, context: CliContext): Promise<readonly Job[]> {
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

async function jobsOfStack(stack: string, options: HclOptions, context: CliContext): Promise<readonly Job[]> {
  const { env, signal, terminal } = context;
  try {
    const { project } = localCluster(context);
    terminal.progress().step("synthesizing");
    const { wanted } = await withSynthesis({ project, env, signal }, async (outdir) =>
      readContents(outdir, stack, { variables: options.var, env }),
    );
    return wanted.filter((item) => item.kind === "job").map((item) => Job.fromApi(item.job));
  } finally {
    terminal.rest();
  }
}
