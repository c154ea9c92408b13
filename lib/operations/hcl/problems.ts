import { readSource, type SourceBlock } from "../../hcl-source";
import { formatProblem, mistake, type Problem, shortened } from "../../errors";

/** One thing that Nomad's parser says. */
export interface Diagnostic {
  /** The name of the text where it stands; empty where it has none. */
  readonly file: string;
  /** Counted from 1; 0 where it has no place. */
  readonly row: number;
  readonly column: number;
  readonly message: string;
}

const PLACE = /^(?:unable to parse var (?:file|content): )?(?:(<nil>)|(.*?):(\d+),(\d+)(?:-\d+(?:,\d+)?)?): (.*)$/;
const FRAME = /^(?:Error getting job struct: )?(?:Error parsing job file from .*:$|Failed to parse job: )/;

/** What Nomad's parser says, thing by thing, in the order of the text: its own order is another each time. */
export function diagnostics(answer: string): readonly Diagnostic[] {
  const [crash] = CRASH.exec(answer) ?? [];
  if (crash !== undefined) return [{ file: "", row: 0, column: 0, message: crashInWords(crash) }];
  const found: Diagnostic[] = [];
  for (const whole of answer.split("\n")) {
    const line = whole.replace(FRAME, "").trimEnd();
    const [, nowhere, file = "", row = "0", column = "0", message = ""] = PLACE.exec(line) ?? [];
    const last = found.at(-1);
    if (message !== "") found.push({ file: nowhere ? "" : file, row: Number(row), column: Number(column), message });
    else if (last) found[found.length - 1] = { ...last, message: `${last.message}\n${line}`.trimEnd() };
    else if (line.trim() !== "") found.push({ file: "", row: 0, column: 0, message: line.trim() });
  }
  const places = new Set(found.filter(({ message }) => !CONSEQUENCE.test(message)).map(placeOf));
  const causes = found.filter((each) => !CONSEQUENCE.test(each.message) || !places.has(placeOf(each)));
  return causes.sort(
    (a, b) => compare(a.file, b.file) || a.row - b.row || a.column - b.column || compare(a.message, b.message),
  );
}

/** How the answer of a program in Go begins that ended by a fault of its own: where it was then follows, over hundreds of lines. */
const CRASH = /^(?:runtime: goroutine stack exceeds|fatal error: |panic: ).*/;

function crashInWords(crash: string): string {
  return crash.startsWith("runtime: goroutine stack")
    ? "is nested deeper than Nomad's own parser reads, which ran out of stack; flatten it"
    : `Nomad's own parser ended by a fault of its own, and did not say where (${shortened(crash, 200)})`;
}

/** What is said of a value that could not be worked out, beside why it could not. */
const CONSEQUENCE = /^Unsuitable value type; Unsuitable value: value must be known/;

function placeOf({ file, row, column }: Diagnostic): string {
  return `${file}:${row}:${column}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A value that must not be shown, and what it is the value of. */
export interface GivenValue {
  readonly name: string;
  readonly value: string;
}

/** What turns what a parser says into problems. */
export interface Reporting {
  /** The text of the job, and the name that the parser knows it by. */
  readonly text: string;
  readonly source: string;
  /** The values that were given, which no message shows. */
  readonly given: readonly GivenValue[];
  /** What a person calls a place that is not in the job; undefined where the file's own name is right. */
  readonly placeOf?: (diagnostic: Diagnostic) => string | undefined;
}

/** What Nomad's parser says, each over the line that it means. */
export function parserProblems(found: readonly Diagnostic[], reporting: Reporting): readonly Problem[] {
  const lines = reporting.text.split("\n");
  const { blocks } = readSource(reporting.text);
  const problem = (place: string, message: string) => mistake(place, message, "hcl/parse");
  const onLine = (line: number, message: string): Problem => ({ ...problem("", message), line });
  const shown = found.slice(0, MOST_MISTAKES);
  const given = occurring(reporting.given, shown);
  const all = shown.map((diagnostic) => {
    const { file, row, column } = diagnostic;
    const [, unset] = UNSET.exec(diagnostic.message) ?? [];
    if (unset !== undefined) {
      const declaration = blocks.find(({ name, labels }) => name === "variable" && labels[0] === unset);
      return declaration ? onLine(declaration.line, withoutValue(unset)) : problem("", withoutValue(unset));
    }
    const message = withoutValues(inWordsOfTheFile(diagnostic.message, reporting.source), given);
    if (file === reporting.source && row > 0) return onLine(row, message + pointer(lines, blocks, row, column));
    const place = reporting.placeOf?.(diagnostic) ?? (row > 0 && file !== "" ? `${file}:${row}` : "");
    return problem(place, message);
  });
  if (found.length > shown.length)
    all.push(
      problem("", `there are ${found.length - shown.length} more mistakes; mend the first ones, and look again`),
    );
  const first = new Map(all.map((each) => [formatProblem(each), each]));
  return first.size > 0 ? [...first.values()] : [problem("", "Nomad could not read it, and did not say why")];
}

/** So many mistakes of a file are told: a file of strangers may have one in each of its lines. */
const MOST_MISTAKES = 100;

/** The values that may stand in what a parser says: of tens of thousands nearly all do not, and need not be looked for in every message. */
function occurring(given: readonly GivenValue[], found: readonly Diagnostic[]): readonly GivenValue[] {
  const said = found.map(({ message }) => message).join("\n");
  return given.filter(({ value }) => formsOf(value).some((form) => said.includes(form)));
}

/** A value as Go quotes it, and as it is. */
function formsOf(value: string): readonly string[] {
  return [...new Set([JSON.stringify(value).slice(1, -1), value])];
}

/** The places of a rule of the job as its lines, and a value as that of a variable, whichever way the parser was given it. */
function inWordsOfTheFile(message: string, source: string): string {
  return message
    .replace(/^Invalid value for (?:varfile|cmd|env) variable/, "Invalid value for variable")
    .replace(/(\bvalidation rule at )(\S+?):(\d+),\d+(?:-\d+(?:,\d+)?)?/, (whole, before, file, row) =>
      file === source ? `${before}line ${row}` : whole,
    );
}

const UNSET = /^Unset variable "(.*?)"/;

function withoutValue(name: string): string {
  return `the variable "${name}" has no value; write --var ${name}=…, NOMAD_VAR_${name}=… before the command, or --var-file and a file with ${name} = …; or give it a default where it is declared`;
}

/** The line of the source with a mark below it; nothing of a variable's declaration, which may hold a value. */
function pointer(lines: readonly string[], blocks: readonly SourceBlock[], row: number, column: number): string {
  const line = lines[row - 1]?.replaceAll(/[\t\r]/g, " ");
  const block = blocks.findLast((each) => each.line <= row);
  if (line === undefined || line.trim() === "" || block?.name === "variable" || block?.name === "variables") return "";
  const before = Math.max(column - 1, 0);
  if (line.length <= WIDEST) return `\n\n  ${line}\n  ${" ".repeat(before)}^`;
  const from = Math.max(0, Math.min(before, line.length) - WIDEST / 2);
  const part = line.slice(from, from + WIDEST);
  const start = from > 0 ? "…" : "";
  return `\n\n  ${start}${part}${from + WIDEST < line.length ? "…" : ""}\n  ${" ".repeat(start.length + before - from)}^`;
}

/** Of a longer line only what is around the mark is shown: it may be of megabytes. */
const WIDEST = 160;

/** Shorter values are words of the message itself too often; they are hidden inside quotes only, and there as words of their own. */
const SHORTEST = 4;

/** A message with the names of values in place of what they are. */
function withoutValues(message: string, given: readonly GivenValue[]): string {
  const longestFirst = [...given].filter(({ value }) => value !== "").sort((a, b) => b.value.length - a.value.length);
  let hidden = message;
  for (const { name, value } of longestFirst) {
    const stand = `(${name})`;
    for (const form of formsOf(value)) {
      hidden = hidden.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g, (quoted) =>
        isNameOf(quoted, message) ? quoted : replaced(quoted, form, stand),
      );
      if (form.length >= SHORTEST && /[^a-z]/i.test(form)) hidden = hidden.replaceAll(form, stand);
    }
  }
  return hidden;
}

/** A value in quotes with its name in its place: "n" in `"nope.hcl"` is no value of anybody. */
function replaced(quoted: string, value: string, stand: string): string {
  if (value.length >= SHORTEST) return quoted.replaceAll(value, stand);
  const literal = value.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return quoted.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "gu"), () => stand);
}

/** Whether what is in quotes is the name of a variable, which the message is about. */
function isNameOf(quoted: string, message: string): boolean {
  return message.includes(`variable ${quoted}`) || message.includes(`A ${quoted} variable`);
}
