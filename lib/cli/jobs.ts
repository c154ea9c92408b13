import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../errors";
import { Job } from "../jobspec";
import { poolOf } from "../jobspec/host";
import { namesToWrite, problemsOf, readJobFile, STANDARD_INPUT } from "../operations";
import type { CliContext } from "./context";
import { fileReading, type HclOptions } from "./hcl";
import { readOwnStack } from "./own-stack";

/**
 * The jobs of a stack, or of a file; or the one of them with an id, or of a pool.
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
  const exact = all.filter((job) => id === undefined || job.id === id);
  const jobs = exact.length > 0 ? exact : all.filter((job) => poolOf(job.id, job.meta) === id);
  if (jobs.length > 0) return jobs;
  const known = all.map((job) => job.id);
  throw UserError.at(name, `has no job "${id ?? ""}"; ${namesToWrite(id ?? "", known)}`, "job");
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
    const { objects } = await readOwnStack({ environment: stack, var: options.var }, context);
    return objects.filter((item) => item.kind === "job").map((item) => Job.fromApi(item.job));
  } finally {
    context.terminal.rest();
  }
}
