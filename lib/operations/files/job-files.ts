import { createRequire } from "node:module";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { Job, UserError, type Problem } from "../../jobspec";

/** Reads HCL as a Nomad does; throws a UserError where it cannot be read. */
export interface HclParser {
  (file: string, text: string): Promise<unknown>;
}

/** A file that holds jobs, as far as it could be read. */
export interface JobFile {
  readonly file: string;
  readonly kind: "hcl" | "json" | "program";
  readonly text: string;
  readonly jobs: readonly Job[];
  /** What is wrong with the file or its JSON, and what was kept of it unread. */
  readonly problems: readonly Problem[];
}

const LARGEST = 64 * 1024 * 1024;

/** Reads the jobs of a file: HCL through a parser, JSON of Nomad's API, or a program that exports them. */
export async function readJobFile(file: string, parseHcl: HclParser): Promise<JobFile> {
  const kind = kindOf(file);
  let text = "";
  try {
    text = readText(file);
    if (kind === "program") return { file, kind, text, jobs: exportedJobs(file), problems: [] };
    const json = kind === "json" ? parseJson(text) : await parseHcl(file, text);
    const { job, problems } = Job.read(json);
    return { file, kind, text, jobs: job ? [job] : [], problems };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, kind, text, jobs: [], problems: error.problems };
  }
}

function kindOf(file: string): JobFile["kind"] {
  if (/\.[cm]?[jt]s$/.test(file)) return "program";
  return extname(file) === ".json" ? "json" : "hcl";
}

function readText(file: string): string {
  if (!existsSync(file)) throw UserError.at(file, "is no file; write the path of one", "file/missing");
  const { size } = statSync(file);
  if (!statSync(file).isFile()) throw UserError.at(file, "is a folder; write the path of a file", "file/missing");
  if (size > LARGEST) throw UserError.at(file, `is larger than ${LARGEST / 1024 / 1024} MiB`, "file/size");
  return readFileSync(file, "utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw UserError.at("", `is no JSON: ${error instanceof Error ? error.message : String(error)}`, "file/json");
  }
}

/** The jobs that a program exports. */
function exportedJobs(file: string): readonly Job[] {
  let exported: Record<string, unknown>;
  try {
    exported = createRequire(resolve("program.js"))(resolve(file)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw UserError.at(file, `does not run: ${error instanceof Error ? error.message : String(error)}`, "file/program");
  }
  const jobs = Object.values(exported).filter(isJob);
  if (jobs.length === 0)
    throw UserError.at(file, `exports no job; write: export const ${nameFor(file)} = new Job({ … })`, "file/program");
  return jobs;
}

/** Also one of another copy of this library. */
function isJob(value: unknown): value is Job {
  if (value instanceof Job) return true;
  const shape = value as Partial<Job> | null;
  return typeof shape === "object" && typeof shape?.toApi === "function" && typeof shape.validate === "function";
}

function nameFor(file: string): string {
  return basename(file).replace(/\W.*$/, "") || "job";
}
