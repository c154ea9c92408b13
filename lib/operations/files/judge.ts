import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Problem, UserError } from "../../errors";
import { readJobFile, type ReadingOptions } from "./job-files";
import { stackNames, synthesisFolder, synthesizeProject, withRunFolder, type SynthesisOptions } from "../stack";
import { compareLocated, locate } from "./locate";

/** What is wrong with the jobs of a file. */
export interface JudgedFile {
  readonly file: string;
  readonly problems: readonly Problem[];
}

/** Says what a Nomad server would say of the jobs of a file, each problem with its line where it has one. */
export async function judgeFile(path: string, options: ReadingOptions): Promise<JudgedFile> {
  const read = await readJobFile(path, options);
  const judged =
    read.judged ?? read.jobs.map((job) => ({ id: job.id, problems: locate(read, job, job.validate(options.target)) }));
  // Several jobs of one program are told apart by their ids.
  const placed = judged.flatMap(({ id, problems }) =>
    judged.length > 1 ? problems.map((problem) => ({ ...problem, path: [id, ...problem.path] })) : problems,
  );
  const own = locate(read, read.jobs[0], read.problems);
  return { file: read.file, problems: [...own, ...placed].sort(compareLocated) };
}

/** What is judged where a program comes to no stack, as where its settings are wrong. */
const WHOLE_PROGRAM = "the program";

/** Says what is wrong with the jobs of a stack, by running its program. */
export async function judgeStack(name: string, options: Omit<SynthesisOptions, "outdir">): Promise<JudgedFile> {
  return stackAmong(name, await judgeStacks(options));
}

/** One of the stacks that {@link judgeStacks} judged; where there is none of that name, that is what is wrong with it. */
export function stackAmong(name: string, stacks: readonly JudgedFile[]): JudgedFile {
  const found = stacks.find(({ file }) => file === name);
  if (found) return found;
  // The program came to no stack: what is wrong with it is wrong with each of them.
  const [whole, ...more] = stacks;
  if (whole?.file === WHOLE_PROGRAM && more.length === 0) return { ...whole, file: name };
  const message = `is neither a file nor a stack; the stacks are ${stacks.map(({ file }) => file).join(", ")}`;
  return { file: name, problems: [{ rule: "file/missing", path: [name], message, severity: "error" }] };
}

/**
 * Says what is wrong with the jobs of every stack of a program, by running it once.
 *
 * @throws UserError where the program is none of runProgram()'s, or fails
 */
export async function judgeStacks(options: Omit<SynthesisOptions, "outdir">): Promise<readonly JudgedFile[]> {
  return withRunFolder(synthesisFolder(options.project), async (folder) => {
    const [outdir, report] = [join(folder, "out"), join(folder, "problems.json")];
    await synthesizeProject({
      ...options,
      outdir,
      env: { ...options.env, CDK_NOMAD_PROBLEMS: report },
    });
    if (!existsSync(report)) throw UserError.at("", "the program does not end with runProgram()", "synthesis");
    const found = JSON.parse(readFileSync(report, "utf8")) as readonly (Problem & { readonly stack?: string })[];
    const names = new Set([...found.flatMap(({ stack }) => stack ?? []), ...stackNames(outdir)]);
    if (names.size === 0 && found.length > 0) names.add(WHOLE_PROGRAM);
    return [...names].map((name) => {
      const own = found.filter(({ stack }) => stack === undefined || stack === name);
      return { file: name, problems: own.map(({ stack: _stack, ...problem }) => problem) };
    });
  });
}
