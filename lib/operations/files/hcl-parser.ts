import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UserError, type Problem } from "../../jobspec";
import { ApiError, type NomadClient } from "../../nomad";
import type { HclParser } from "./job-files";

/** Values for the variables of a job. */
export interface HclVariables {
  /** By name. Default: none. */
  readonly values?: Readonly<Record<string, string>>;
  /** Files of values. Default: none. */
  readonly files?: readonly string[];
  /** Values as the text of such a file. Default: none. */
  readonly text?: string;
}

/** Reads HCL with Nomad's own program; it talks to no server. */
export function commandParser(program: () => Promise<string>, { values = {}, files = [] }: HclVariables): HclParser {
  return async (file, text) => {
    const variables = [
      ...files.map((path) => `-var-file=${resolve(path)}`),
      ...Object.entries(values).map(([name, value]) => `-var=${name}=${value}`),
    ];
    const said = await run(await program(), ["job", "run", "-output", ...variables, resolve(file)]);
    if (said.code !== 0) throw new UserError(parserProblems(said.stderr, text));
    return JSON.parse(said.stdout) as unknown;
  };
}

const LONGEST_ANSWER = 256 * 1024 * 1024;

function run(program: string, args: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((settle) => {
    execFile(program, args, { maxBuffer: LONGEST_ANSWER, timeout: 60_000 }, (error, stdout, stderr) => {
      settle({ code: error ? 1 : 0, stdout, stderr: stderr || (error?.message ?? "") });
    });
  });
}

/** Reads HCL with a server. */
export function serverParser(
  nomad: NomadClient,
  { values = {}, files = [], text: given = "" }: HclVariables,
): HclParser {
  return async (_file, text) => {
    try {
      return await nomad.parse(
        text,
        variablesText(values, [given, ...files.map((path) => readFileSync(path, "utf8"))]),
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new UserError(parserProblems(error.body, text));
    }
  };
}

/** Variables as a file of them: a value given by name counts over one of a file. */
function variablesText(values: Readonly<Record<string, string>>, texts: readonly string[]): string {
  const given = new Set(Object.keys(values));
  const lines = texts
    .flatMap((each) => each.split("\n"))
    .filter((line) => !given.has(/^\s*([\w-]+)\s*=/.exec(line)?.[1] ?? ""));
  // A list or an object is an expression; anything else is a text, which Nomad turns into what the variable wants.
  const own = Object.entries(values).map(
    ([name, value]) => `${name} = ${/^\s*[[{]/.test(value) ? value : quote(value)}`,
  );
  return [...lines, ...own].join("\n");
}

function quote(value: string): string {
  return JSON.stringify(value).replaceAll(/([$%])\{/g, (_match, sign: string) => `${sign}${sign}{`);
}

const PLACE = /^.*?:(\d+),(\d+)(?:-\d+(?:,\d+)?)?: (.*)$/;

/** What Nomad's parser says, each over the line that it means. */
function parserProblems(said: string, text: string): readonly Problem[] {
  const lines = said.split("\n").map((line) => line.trim());
  const found = lines.flatMap((line): readonly Problem[] => {
    const [, row = "", column = "", message = ""] = PLACE.exec(line.replace(/^Failed to parse job: /, "")) ?? [];
    if (row === "") return [];
    const source = text.split("\n")[Number(row) - 1] ?? "";
    const pointer = `${" ".repeat(Number(column) - 1)}^`;
    const shown = `${message}\n\n  ${source.replaceAll("\t", " ")}\n  ${pointer}`;
    return [{ rule: "hcl/parse", path: `line ${row}`, message: shown, severity: "error" }];
  });
  if (found.length > 0) return found;
  const words = lines.filter((line) => line !== "").join(" ");
  const message =
    words.replace(/^Error getting job struct: (?:Error parsing job file from \S+: )?(?:<nil>: )?/, "") ||
    "Nomad could not read it, and did not say why";
  return [{ rule: "hcl/parse", path: "", message, severity: "error" }];
}
