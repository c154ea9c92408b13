import { extname, resolve } from "node:path";
import type { Readable } from "node:stream";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import { mistake, type Problem, UserError } from "../../errors";
import { Job, type Target } from "../../jobspec";
import { inSourceOrder, type HclParser } from "../hcl";
import { readNamedFile, UnusableFile } from "../../reading";
import { exportedJobs, type JudgedJob } from "./exported-jobs";

/** A file that holds jobs, as far as it could be read. */
export interface JobFile {
  /** Its path as it was given; "stdin" for standard input. */
  readonly file: string;
  /** HCL in its own syntax, HCL as JSON, JSON of Nomad's API, or a program. */
  readonly kind: "hcl" | "hcl-json" | "json" | "program";
  readonly text: string;
  readonly jobs: readonly Job[];
  /** What is wrong with the file or its JSON, and what was kept of it unread. */
  readonly problems: readonly Problem[];
  /** What a program's own library says of each job that it exports. */
  readonly judged?: readonly JudgedJob[];
}

/** How files are read. */
export interface ReadingOptions {
  readonly parseHcl: HclParser;
  /** The folder at which relative paths start. */
  readonly cwd: string;
  /** Where `-` is read from. */
  readonly stdin: Readable;
  /** What the jobs of programs are judged for. Default: open source, 1.11. */
  readonly target?: Target;
  /** The environment of programs. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told, before a file is read that may take its time, what is done with it. */
  readonly onStep?: (step: string) => void;
  /** Told what a program wrote to stdout and stderr. */
  readonly onOutput?: (output: string) => void;
  /** Ends programs. */
  readonly signal?: AbortSignal;
}

/** What is written in place of a file's path to read standard input. */
export const STANDARD_INPUT = "-";

const LARGEST = 64 * 1024 * 1024;

/**
 * Reads the jobs of a file, or of standard input where the file is `-`: HCL through a parser, JSON of Nomad's API with or without the outer `Job` key,
 * HCL as JSON, or a program that exports jobs. What is wrong with it is told in the result.
 */
export async function readJobFile(path: string, options: ReadingOptions): Promise<JobFile> {
  const { parseHcl, cwd, stdin } = options;
  const file = path === STANDARD_INPUT ? "stdin" : path;
  let text = "";
  let kind: JobFile["kind"] = /\.[cm]?[jt]s$/.test(path) ? "program" : extname(path) === ".json" ? "json" : "hcl";
  try {
    const bytes =
      path === STANDARD_INPUT ? await readStream(stdin) : await readBytes(resolve(cwd, path), path, options.signal);
    text = decode(bytes);
    options.onStep?.(`${kind === "program" ? "running" : "reading"} ${file}`);
    if (kind === "program") return { file, kind, text, ...(await exportedJobs(file, options)) };
    const parsed = kind === "json" ? parseJson(text) : jsonIn(text);
    if (parsed !== undefined) kind = isHclAsJson(parsed) ? "hcl-json" : "json";
    const json = kind === "json" ? parsed : inSourceOrder(await parseHcl(file, text), text);
    const { job, problems } = Job.read(json);
    return { file, kind, text, jobs: job ? [job] : [], problems };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, kind, text, jobs: [], problems: error.problems };
  }
}

async function readBytes(path: string, shown: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    return await readNamedFile(path, { most: LARGEST, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnusableFile) throw UserError.at(shown, error.what, "file/size");
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EISDIR") throw UserError.at(shown, "is a folder; write the path of a file", "file/missing");
    const what = code === "ENOENT" ? "is no file" : `cannot be read (${code})`;
    throw UserError.at(shown, `${what}; write the path of one that can be read`, "file/missing");
  }
}

async function readStream(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > LARGEST) throw tooLarge("stdin");
    chunks.push(bytes);
  }
  if (size === 0)
    throw UserError.at("stdin", "is empty; write a job into it, such as cat web.nomad.hcl |", "file/missing");
  return Buffer.concat(chunks);
}

function tooLarge(shown: string): UserError {
  return UserError.at(shown, `is larger than ${LARGEST / 1024 / 1024} MiB`, "file/size");
}

function decode(bytes: Buffer): string {
  try {
    // A byte order mark is left for the parsers to judge.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw UserError.at("", "is no text in UTF-8; convert it", "file/encoding");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson(text);
  }
}

/** Where a text ceases to be JSON. The engine's own message quotes the text around it, which may be secret. */
function notJson(text: string): UserError {
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true });
  } catch {
    // What is nested too deep has no place.
  }
  const [first] = errors;
  if (!first) return UserError.at("", "is no JSON", "file/json");
  const before = text.slice(0, first.offset).split("\n");
  const reason = printParseErrorCode(first.error).replaceAll(
    /(?<=[a-z])[A-Z]/g,
    (letter) => ` ${letter.toLowerCase()}`,
  );
  const message = `is no JSON: ${reason}, at column ${(before.at(-1) ?? "").length + 1}`;
  return new UserError([{ ...mistake("", message, "file/json"), line: before.length }]);
}

/** The JSON that a text without such a name is; HCL in its own syntax never begins with a brace. */
function jsonIn(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const HCL_BLOCKS = new Set(["job", "variable", "variables", "locals", "//"]);

/**
 * Whether JSON is HCL written as JSON: nothing but HCL's outermost blocks, and below `job` an object for each label.
 *
 * @see https://github.com/hashicorp/hcl/blob/main/json/spec.md
 */
function isHclAsJson(json: unknown): boolean {
  if (!isObject(json) || !("job" in json) || !Object.keys(json).every((key) => HCL_BLOCKS.has(key))) return false;
  const labels = Array.isArray(json.job) ? (json.job as readonly unknown[]) : [json.job];
  return labels.every((label) => isObject(label) && Object.values(label).every((body) => typeof body === "object"));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
