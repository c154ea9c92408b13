import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import * as v from "valibot";
import { type Problem, UserError } from "../../errors";
import { Job, type Target } from "../../jobspec";
import { runChild } from "../stack";

/** What the library that a program uses says of one of its jobs. */
export interface JudgedJob {
  readonly id: string;
  readonly problems: readonly Problem[];
}

/** What a program exports. */
export interface ExportedJobs {
  /** Those that can be read. */
  readonly jobs: readonly Job[];
  /** One for each that it exports, in the same order. */
  readonly judged: readonly JudgedJob[];
  /** What is wrong with those that cannot be read, where their own library does not say it. */
  readonly problems: readonly Problem[];
}

/** What running a program needs. */
export interface ExportedJobsOptions {
  /** The folder at which the path of the program starts. */
  readonly cwd: string;
  /** What its jobs are judged for. Default: open source, 1.11. */
  readonly target?: Target;
  /** Its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what it wrote to stdout and stderr. */
  readonly onOutput?: (output: string) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

const step = v.union([
  v.string(),
  v.object({ index: v.number(), name: v.exactOptional(v.string()) }),
  v.object({ key: v.string() }),
]);
const problem = v.object({
  rule: v.string(),
  // A copy of the library from before there were steps has the path in words.
  path: v.union([
    v.array(step),
    v.pipe(
      v.string(),
      v.transform((words) => [words]),
    ),
  ]),
  message: v.string(),
  severity: v.picklist(["error", "warning"]),
  stopsSynthesis: v.exactOptional(v.boolean()),
});
const answer = v.union([
  v.object({
    jobs: v.array(v.object({ id: v.string(), api: v.unknown(), problems: v.array(problem) })),
    functions: v.array(v.string()),
  }),
  v.object({ problems: v.pipe(v.array(problem), v.nonEmpty()) }),
  v.object({ error: v.string() }),
]);

const LARGEST = 256 * 1024 * 1024;

/**
 * The jobs that a program exports. The program runs in a process of its own, which it may hold as long as it likes: whatever it does, it
 * neither stops this process, nor writes to its stdout, nor reads its memory.
 *
 * @throws UserError where it does not run, or exports no job; the signal's reason, where it is aborted
 */
export async function exportedJobs(
  file: string,
  { cwd, target = {}, env, onOutput, signal }: ExportedJobsOptions,
): Promise<ExportedJobs> {
  // Only this user may look into it: a job may hold anything.
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-program-"));
  const result = join(folder, "jobs.json");
  try {
    closeSync(openSync(result, "wx", 0o600));
    const path = resolve(cwd, file);
    const { code, ending, output } = await runChild({
      command: process.execPath,
      args: [...loader(path), RUNNER, path, result, JSON.stringify(target)],
      cwd,
      env: { ...env },
      signal,
      endsRest: true,
    });
    const read = readAnswer(file, result);
    if (read === undefined) {
      const how = ending ? `was ended by ${ending}` : `ended with ${code}`;
      const message = `does not run: it ${how} before its exports were read`;
      throw UserError.at(file, output === "" ? message : `${message}, and wrote:\n${output}`, "file/program");
    }
    if (output !== "") onOutput?.(output);
    if ("problems" in read) throw new UserError(read.problems);
    if ("error" in read)
      throw UserError.at(file, `does not run: ${read.error}${packageToInstall(file, read.error)}`, "file/program");
    if (read.jobs.length === 0) throw UserError.at(file, exportsNoJob(file, read.functions), "file/program");
    return readJobs(read.jobs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What to do where a package is missing, as the library itself in a folder that has none: "; install … ". Empty where anything else is wrong. */
function packageToInstall(file: string, error: string): string {
  const [, name] = /^Cannot find (?:module|package) '((?:@[^'/]+\/)?[^'/.][^'/]*)(?:\/[^']*)?'/.exec(error) ?? [];
  return name === undefined ? "" : `; install ${name} in the folder of ${file}, or in one above`;
}

/** An import with variables exports a function that makes the job, and nobody but its caller knows with which values. */
function exportsNoJob(file: string, [name, ...others]: readonly string[]): string {
  if (name === undefined) return `exports no job; write: export const ${nameFor(file)} = new Job({ … })`;
  const what = others.length === 0 ? `the function ${name}` : "functions";
  return `exports no job but ${what}; where ${name} makes one, export that too: export const job = ${name}({ … })`;
}

/** What runs in the other process: its source where this is one, else what was compiled of it. */
const RUNNER = join(__dirname, `program-runner${extname(__filename)}`);

/** What lets Node load TypeScript: where the sources of this library run, what they run with; else the project's own, where it has one. */
function loader(program: string): readonly string[] {
  for (const from of [__filename, program]) {
    try {
      return ["--require", createRequire(from).resolve("tsx/cjs")];
    } catch {
      // Plain JavaScript needs none.
    }
  }
  return [];
}

/** What the program's process wrote; undefined where it wrote nothing. */
function readAnswer(file: string, result: string): v.InferOutput<typeof answer> | undefined {
  const { size } = statSync(result);
  if (size === 0) return undefined;
  if (size > LARGEST)
    throw UserError.at(file, `exports jobs of more than ${LARGEST / 1024 / 1024} MiB`, "file/program");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(result, "utf8"));
  } catch {
    // What is cut off was not written to its end.
    return undefined;
  }
  const parsed = v.safeParse(answer, value);
  return parsed.success ? parsed.output : undefined;
}

function readJobs(exported: readonly (JudgedJob & { readonly api: unknown })[]): ExportedJobs {
  const read = exported.map(({ id, api, problems }) => ({ id, judged: problems, ...Job.read(api) }));
  return {
    jobs: read.flatMap(({ job }) => job ?? []),
    judged: read.map(({ id, judged }) => ({ id, problems: judged })),
    problems: read.flatMap(({ job, judged, problems }) =>
      job || judged.some(isError) ? [] : problems.filter(isError),
    ),
  };
}

function isError({ severity }: Problem): boolean {
  return severity === "error";
}

function nameFor(file: string): string {
  return basename(file).replace(/\W.*$/, "") || "job";
}
