import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { formatProblem, UserError, type Problem } from "../../../errors";
import type { Job } from "../../../jobspec";
import { unknownDriverOptions } from "../../../jobspec/host";
import { problemsOf, readJobFile, readRunningJob, declaredValues } from "../../../operations";
import { writeWholeFile } from "../../../private-files";
import { packageName } from "../../../stack-record";
import { term } from "../../../text";
import { toTypeScript, type JobToWrite } from "../../../typescript";
import { clients, clusterHere, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { fileReading, type HclOptions } from "../../hcl";
import { ATTENTION, GOOD } from "../../symbols";
import type { Input } from "../import";

/** Writes jobs that exist, as HCL, as JSON or on a cluster, as TypeScript. */
export async function run({ files, out, ...input }: Input, context: CliContext) {
  if (files.length === 0 && input.job.length === 0)
    throw UserError.at("", "there is nothing to import; name a file, or a job with --job", "import");
  const { terminal, cwd } = context;
  const problems: Problem[] = [];
  const found = [
    ...(await readFiles(files, input, context, problems)),
    ...(await readJobs(input.job, context, problems)),
  ];
  const errors = problems.filter(({ severity }) => severity === "error");
  // Nothing is written where something could not be read.
  if (errors.length > 0) {
    if (found.length > 0 && files.length + input.job.length > 1)
      terminal.note(
        term`nothing is written, of ${found.map(({ job }) => job.id).join(", ")} neither: leave out what is wrong, and import the rest`,
      );
    throw new UserError(errors);
  }
  for (const { job } of found) problems.push(...optionsWithoutProperty(job));
  for (const problem of problems) terminal.note(term`${ATTENTION} ${formatProblem(problem)}`);
  const path = out === undefined ? undefined : resolve(cwd, out);
  const module = await toTypeScript(found, { from: input.from ?? library(path === undefined ? cwd : dirname(path)) });
  if (path === undefined) terminal.handOver(module);
  else {
    refuseOther(out ?? path, path, module, input.force);
    mkdirSync(dirname(path), { recursive: true });
    writeWholeFile(path, module);
    terminal.note(term`${GOOD} ${out ?? path}: ${found.map(({ job }) => job.id).join(", ")}`);
  }
  return EXIT.ok;
}

async function readFiles(
  files: readonly string[],
  options: HclOptions,
  context: CliContext,
  problems: Problem[],
): Promise<readonly JobToWrite[]> {
  const { reading, close } = fileReading(options, context);
  try {
    const read: JobToWrite[] = [];
    for (const file of files) {
      const found = await readJobFile(file, reading);
      problems.push(...problemsOf(found));
      const source = found.kind === "hcl" ? found.text : undefined;
      // Without a job there is nothing that its variables could be of.
      const variables =
        source === undefined || found.jobs.length === 0
          ? {}
          : await declaredValues(found.file, source, reading.parseHcl);
      read.push(...found.jobs.map((job) => ({ job, source, variables })));
    }
    return read;
  } finally {
    await close();
  }
}

async function readJobs(
  ids: readonly string[],
  context: CliContext,
  problems: Problem[],
): Promise<readonly JobToWrite[]> {
  if (ids.length === 0) return [];
  const { nomad, consul } = clients(context, clusterHere(context));
  try {
    const found: JobToWrite[] = [];
    for (const id of ids) {
      context.terminal.progress().step(`asking Nomad at ${nomad.address} for ${id}`);
      try {
        const { job, source, note } = await readRunningJob(id, nomad);
        if (note !== undefined)
          problems.push({ rule: "import/changed", path: [id], message: note, severity: "warning" });
        found.push({ job, source });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(...error.problems);
      }
    }
    return found;
  } finally {
    context.terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** What a job gives its drivers that they do not have: it is written, and hardly meant. */
function optionsWithoutProperty(job: Job): readonly Problem[] {
  return unknownDriverOptions(job).map((problem) => ({ ...problem, path: [job.id, ...problem.path] }));
}

/** Nobody's changes are lost: a file that says something else is written over only where that is meant. */
function refuseOther(shown: string, path: string, module: string, force: boolean): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) throw UserError.at(shown, "is a folder; write the path of a file", "import/out");
  if (status && !status.isFile()) throw UserError.at(shown, "is no file; write another path", "import/out");
  if (!status || force) return;
  if (status.size === Buffer.byteLength(module) && readFileSync(path, "utf8") === module) return;
  const message = "is there and says something else; nothing is written. Write --force to replace it, or another path";
  throw UserError.at(shown, message, "import/out");
}

/** What the classes are imported from: inside this project, which is no dependency of itself, its own folder. */
function library(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, "package.json");
    if (existsSync(manifest)) {
      if (packageName(at) !== "cdk-nomad") return "cdk-nomad";
      const path = relative(folder, join(at, "lib"));
      return path.startsWith(".") ? path : `./${path}`;
    }
    if (dirname(at) === at) return "cdk-nomad";
  }
}
