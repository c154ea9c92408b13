import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Job, UserError } from "../jobspec";
import { problemsOf, readJobFile, STANDARD_INPUT } from "../operations";
import type { CliContext } from "./context";
import { fileReading, type HclOptions } from "./hcl";
import { readOwnStack } from "./stack";

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
  const all = isStackName(name, context)
    ? await jobsOfStack(name, options, context)
    : await jobsOfFile(name, options, context);
  const jobs = id === undefined ? all : all.filter((job) => job.id === id);
  if (jobs.length > 0) return jobs;
  const known = all.map((job) => job.id).join(", ");
  throw UserError.at(name, `has no job "${id ?? ""}"; write one of ${known}`, "job");
}

/** Whether a name can only be that of a stack: no file has it, and it is not the name of one. */
export function isStackName(name: string, { cwd }: Pick<CliContext, "cwd">): boolean {
  return !existsSync(resolve(cwd, name)) && /^[\w-]+$/.test(name) && name !== STANDARD_INPUT;
}

async function jobsOfFile(file: string, options: HclOptions, context: CliContext): Promise<readonly Job[]> {
  const { reading, close } = fileReading(options, context);
  try {
    const read = await readJobFile(file, reading);
    const errors = problemsOf(read).filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new UserError(errors);
    return read.jobs;
  } finally {
    await close();
  }
}

async function jobsOfStack(stack: string, options: HclOptions, context: CliContext): Promise<readonly Job[]> {
  try {
    const { wanted } = await readOwnStack({ environment: stack, var: options.var }, context);
    return wanted.filter((item) => item.kind === "job").map((item) => Job.fromApi(item.job));
  } finally {
    context.terminal.rest();
  }
}
