import { readFileSync } from "node:fs";
import { relative } from "node:path";
import * as v from "valibot";
import { machineProblem, mistake, type Problem } from "../../errors";
import { verbInstead } from "./model-verbs";

/** What is wrong with a program that ended with an error which nobody caught, and what it had printed before. */
export interface ProgramFailure {
  readonly problems: readonly Problem[];
  readonly before: string;
}

/** The first line of an error as Node prints it: its name, perhaps a code, and what it says. */
const ERROR_LINE = /^(?:Uncaught )?([\w$.]*(?:Error|Exception))(?: \[\w+\])?: (.*)$/;
/** A line of a stack, with the place that it names. */
const FRAME = /^ {4}at (?:.*\()?(?:file:\/\/)?((?:\/|[A-Za-z]:\\|node:)[^()]*?):(\d+):(\d+)\)?$/;
/** A mistake in TypeScript's grammar, as esbuild names it. */
const TRANSFORM = /^(.+?):(\d+):(\d+): ERROR: (.*)$/;
/** What of a program's stack is shown: where it is, and what led there. */
const PLACES = 4;

/**
 * Reads why a program ended, out of what Node prints of an error that nobody caught: the place in the project and the message, without the lines of others' code
 * that stand around them.
 *
 * @param output what the program wrote
 * @param project its folder, to which places are relative
 * @returns undefined where nothing of the kind stands there
 */
export function programFailure(output: string, project: string): ProgramFailure | undefined {
  const lines = output.split("\n");
  const firstFrame = lines.findLastIndex((line, index) => isFrame(line) && !isFrame(lines[index - 1]));
  const at = lines.findLastIndex((line, index) => index < firstFrame && ERROR_LINE.test(line));
  const [, name = "", first = ""] = ERROR_LINE.exec(lines[at] ?? "") ?? [];
  if (at < 0) return undefined;
  const told = [first, ...lines.slice(at + 1, firstFrame)];
  const required = told.findIndex((line) => line === "Require stack:");
  const message = (required < 0 ? told : told.slice(0, required)).join("\n").trimEnd();
  const frames = lines.slice(firstFrame).flatMap((line) => FRAME.exec(line)?.slice(1, 4).join(":") ?? []);
  const files = required < 0 ? [] : told.slice(required + 1).map((line) => line.replace(/^- /, ""));
  const places = [...files, ...frames].filter(isOwn).map((place) => relative(project, place));
  const before = beforeError(lines.slice(0, at));
  const ofMachine = machineProblem(message);
  if (ofMachine !== undefined) return { problems: [mistake(project, ofMachine, "files")], before };
  const mistakes = told.flatMap((line) => mistakeIn(line, project));
  if (mistakes.length > 0) return { problems: mistakes, before };
  // A line of the program leads to another one once: what loads a module stands there again.
  const lineOf = (each: string) => each.replace(/:\d+$/, "");
  const own = places.filter((each) => !each.startsWith(".."));
  const [place = "", ...more] = own
    .filter((each, index) => own.findIndex((other) => lineOf(other) === lineOf(each)) === index)
    .slice(0, PLACES);
  const led = more.length > 0 ? `\ncalled at ${more.join(", ")}` : "";
  return { problems: [problem(place, `${inWords(name, message)}${led}`)], before };
}

const step = v.union([
  v.string(),
  v.object({ index: v.number(), name: v.exactOptional(v.string()) }),
  v.object({ key: v.string() }),
]);
const written = v.pipe(
  v.array(
    v.object({
      rule: v.string(),
      path: v.array(step),
      message: v.string(),
      severity: v.picklist(["error", "warning"]),
    }),
  ),
  v.minLength(1),
);

/** What a program that ends with `runProgram()` was refused for; undefined where it wrote nothing of the kind. */
export function writtenErrors(file: string): readonly Problem[] | undefined {
  try {
    const parsed = v.safeParse(written, JSON.parse(readFileSync(file, "utf8")));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function isFrame(line: string | undefined): boolean {
  return line !== undefined && /^ {4}at /.test(line);
}

function isOwn(place: string): boolean {
  return !place.startsWith("node:") && !/[\\/]node_modules[\\/]/.test(place);
}

function mistakeIn(line: string, project: string): readonly Problem[] {
  const [, file, row, column, what] = TRANSFORM.exec(line) ?? [];
  if (file === undefined || what === undefined) return [];
  return [problem(`${relative(project, file)}:${row}:${column}`, `is no TypeScript: ${what}`)];
}

function problem(place: string, message: string): Problem {
  return mistake(place, message, "synthesis");
}

/** What the compiler would have told before the program ran. */
const OF_TYPES = new Set(["TypeError", "ReferenceError"]);

function inWords(name: string, message: string): string {
  const words = name === "Error" || name === "UserError" ? message : `${name}: ${message}`;
  if (!OF_TYPES.has(name)) return words;
  const [, receiver = "", missing] = /(?<![\w$])([\w$]+)\.([\w$]+) is not a function/.exec(message) ?? [];
  const verb = missing === undefined ? "" : verbInstead(receiver, missing);
  return `${words}${verb}; npx tsc --noEmit says where a program does not fit its types`;
}

/** What was printed before an error: not the line of source that Node shows above it, which may be a whole minified file. */
function beforeError(lines: readonly string[]): string {
  const caret = lines.findLastIndex((line) => /^\s*\^+\s*$/.test(line));
  const source = caret < 0 ? -1 : lines.slice(0, caret).findLastIndex((line) => /^(?:\S.*|node:\S+):\d+$/.test(line));
  return lines
    .slice(0, source < 0 ? (caret < 0 ? undefined : caret) : source)
    .join("\n")
    .trim();
}
