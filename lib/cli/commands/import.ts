import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { formatProblem, UserError, type Problem } from "../../jobspec";
import { readJobFile, readRunningJob } from "../../operations";
import { toTypeScript, type JobToWrite } from "../../typescript";
import { clients, localCluster, type CliContext } from "../context";
import { hclParser, type HclOptions } from "../hcl";

/** Options of `import`. */
export interface ImportOptions extends HclOptions {
  readonly out?: string;
  readonly job?: readonly string[];
  readonly from?: string;
}

/** Writes jobs that exist, as HCL, as JSON or on a cluster, as TypeScript. */
export async function importJobs(files: readonly string[], options: ImportOptions, context: CliContext): Promise<void> {
  const running = options.job ?? [];
  if (files.length === 0 && running.length === 0)
    throw UserError.at("", "there is nothing to import; name a file, or a job with --job", "import");
  const { terminal } = context;
  const problems: Problem[] = [];
  const found = [...(await readFiles(files, options, context, problems)), ...(await readJobs(running, context))];
  const errors = problems.filter(({ severity }) => severity === "error");
  // Nothing is written where something could not be read.
  if (errors.length > 0) throw new UserError(errors);
  for (const problem of problems) terminal.note(`${terminal.color.yellow("!")} ${formatProblem(problem)}`);
  const module = await toTypeScript(found, { from: options.from ?? library(options.out) });
  if (options.out === undefined) {
    terminal.print(module.trimEnd());
    return;
  }
  write(options.out, module);
  const names = found.map(({ job }) => job.id).join(", ");
  terminal.note(`${terminal.color.green("✓")} ${options.out}: ${names}`);
}

async function readFiles(
  files: readonly string[],
  options: ImportOptions,
  context: CliContext,
  problems: Problem[],
): Promise<readonly JobToWrite[]> {
  const parser = hclParser(options, context);
  try {
    const read: JobToWrite[] = [];
    for (const file of files) {
      const { jobs, kind, text, problems: own } = await readJobFile(file, parser.parse);
      problems.push(...own.map((problem) => ({ ...problem, path: [file, problem.path].filter(Boolean).join(": ") })));
      read.push(...jobs.map((job) => ({ job, source: kind === "hcl" ? text : undefined })));
    }
    return read;
  } finally {
    await parser.close();
  }
}

async function readJobs(ids: readonly string[], { env }: CliContext): Promise<readonly JobToWrite[]> {
  if (ids.length === 0) return [];
  const { nomad, consul } = clients(env, localCluster().cluster);
  try {
    const found: JobToWrite[] = [];
    for (const id of ids) found.push(await readRunningJob(id, nomad));
    return found;
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** What the classes are imported from: inside this project, which is no dependency of itself, its own folder. */
function library(out: string | undefined): string {
  const folder = out === undefined ? process.cwd() : dirname(resolve(out));
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, "package.json");
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: string };
      if (name !== "cdk-nomad") return "cdk-nomad";
      const path = relative(folder, join(at, "lib"));
      return path.startsWith(".") ? path : `./${path}`;
    }
    if (dirname(at) === at) return "cdk-nomad";
  }
}

/** Writes a file whole or not at all. */
function write(file: string, text: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
