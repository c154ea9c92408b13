import { resolve } from "node:path";
import { type Problem, UserError } from "../../errors";
import type { NomadClient } from "../../nomad";
import { readNamedFile, UnusableFile } from "../../reading";
import { checkHeredocs } from "./long-text";
import type { HclParser } from "./parser";
import { parserProblems, type Diagnostic, type GivenValue } from "./problems";
import { ask, type Answer } from "./server-answers";
import { isExpression, valueForms, valuesOfFile } from "./server-values";
import { valuesInDeclarations, valuesInFile } from "./values-in-files";
import { assignment, environmentValues, isVariableName, LARGEST_VALUES, type HclVariables } from "./variables";

/** What reading with a server needs. */
export interface ServerParserOptions {
  readonly nomad: NomadClient;
  readonly variables: HclVariables;
  /** The folder at which the paths of variable files start. */
  readonly cwd: string;
  /** Whether values for variables that the job does not declare are passed over. Default: false, they are an error. */
  readonly lenient?: boolean;
  /** Ends the reading of variable files. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** The name that a server gives to the job's text, and to the text of the variables. */
const SOURCE = "input.hcl";

/**
 * Reads HCL with a server, which has no file functions. A server takes one text of values and no values by name: so it is asked what the
 * files hold and what the job declares, and is given one text in which each variable has the value that counts.
 */
export function serverParser(options: ServerParserOptions): HclParser {
  return async (file, text) => {
    checkHeredocs(file, text);
    return new ServerReading(options, text).parse();
  };
}

/** A file of values, and what a person calls it. */
interface ValueFile {
  readonly path: string;
  readonly text: string;
}

/** One reading of one text. */
class ServerReading {
  private readonly given: GivenValue[] = [];

  constructor(
    private readonly options: ServerParserOptions,
    private readonly text: string,
  ) {
    this.given.push(...valuesInDeclarations(text));
  }

  async parse(): Promise<unknown> {
    const answer = await this.ask(await this.variables());
    if (!("refused" in answer)) return answer.job;
    const problems = this.problems(answer.refused);
    throw new UserError(problems.map(withoutFileFunctions));
  }

  /** The one text of values. */
  private async variables(): Promise<string> {
    const { values = {}, files = [], kept = "" } = this.options.variables;
    const environment = environmentValues(this.options.variables);
    const byName = Object.entries(values);
    if (byName.length === 0 && files.length === 0 && kept.trim() === "" && environment.size === 0) return "";
    for (const [name, value] of [...byName, ...environment]) this.given.push({ name: `the value of ${name}`, value });
    const assignments = new Map<string, string>();
    const declared = await this.declared([...environment.keys(), ...Object.keys(values)]);
    const forms = await valueForms([...declared], (variables) => this.ask(variables));
    const set = async (place: string, name: string, value: string) => {
      const form = forms.get(name) ?? "text";
      if (form === "expression" && !(await isExpression(value, (variables) => this.ask(variables))))
        throw UserError.at(
          place,
          `is no expression of HCL, as the type of "${name}" needs; write true, 3 or ["a"], say`,
          "hcl/parse",
        );
      const line = assignment(name, value, form);
      await this.refuseUnfit(line, () => place);
      assignments.set(name, line);
    };
    for (const [name, value] of environment) if (declared.has(name)) await set(`NOMAD_VAR_${name}`, name, value);
    for (const path of files) await this.addFile({ path, text: await this.readFile(path) }, assignments);
    if (kept.trim() !== "") await this.addFile({ path: "its variables", text: kept }, assignments);
    const undeclared = byName.flatMap(([name]) => (declared.has(name) ? [] : [name]));
    this.refuseUndeclared(undeclared.map((name) => [`--var ${name}`, name]));
    for (const [name, value] of byName) if (declared.has(name)) await set(`--var ${name}`, name, value);
    return [...assignments.values()].join("");
  }

  /** The text of a file of values that the server takes by itself. */
  private async readFile(path: string): Promise<string> {
    const text = await readValues(resolve(this.options.cwd, path), path, this.options.signal);
    this.given.push(...valuesInFile(path, text));
    await this.refuseUnfit(text, (row) => (row > 0 ? `${path}:${row}` : path));
    return text;
  }

  /** Refuses values that do not fit their variables, also those that others count over. */
  private async refuseUnfit(text: string, placeOf: (row: number) => string): Promise<void> {
    const answer = await this.ask(text);
    const refused = "refused" in answer ? answer.refused : [];
    const own = refused.filter(({ message, whole }) => whole === "values" || OF_VALUES.test(message));
    if (own.length > 0) throw new UserError(this.problems(own, placeOf));
  }

  private async addFile(file: ValueFile, assignments: Map<string, string>): Promise<void> {
    const found = await valuesOfFile(file, (source) => ask(this.options.nomad, source, ""));
    const declared = await this.declared([...found.keys()]);
    this.refuseUndeclared([...found.keys()].filter((name) => !declared.has(name)).map((name) => [file.path, name]));
    for (const [name, value] of found) if (declared.has(name)) assignments.set(name, `${name} = ${value}\n`);
  }

  /** Which of these variables the job declares. */
  private async declared(names: readonly string[]): Promise<ReadonlySet<string>> {
    const possible = [...new Set(names)].filter(isVariableName);
    if (possible.length === 0) return new Set();
    const answer = await this.ask(possible.map((name) => `${name} = {}.${PROBE}${name}\n`).join(""));
    const found = "refused" in answer ? answer.refused : [];
    const declared = new Set(found.flatMap(({ message }) => ABSENT.exec(message)?.[1] ?? []));
    const undeclared = new Set(found.flatMap(({ message }) => UNDECLARED.exec(message)?.[1] ?? []));
    // Of a job that is wrong itself, the server says only that.
    if (found.length > 0 && possible.some((name) => !declared.has(name) && !undeclared.has(name)))
      throw new UserError(this.problems(found).map(withoutFileFunctions));
    return declared;
  }

  private refuseUndeclared(found: readonly (readonly [string, string])[]): void {
    if (found.length === 0 || this.options.lenient === true) return;
    const problems = found.map(([place, name]): Problem => ({
      rule: "hcl/parse",
      path: [place],
      message: `the job declares no variable "${name}"; write variable "${name}" {} into it, or leave the value out`,
      severity: "error",
    }));
    throw new UserError(problems);
  }

  private async ask(variables: string): Promise<Answer> {
    return ask(this.options.nomad, this.text, variables);
  }

  /** What the server says, of the job's text, or of a text of values whose places a person knows by other names. */
  private problems(found: readonly Diagnostic[], placeOf?: (row: number) => string): readonly Problem[] {
    return parserProblems(found, {
      text: this.text,
      source: placeOf === undefined ? SOURCE : "",
      given: this.given,
      placeOf: ({ row }) => placeOf?.(row),
    });
  }
}

const PROBE = "cdk_nomad_declared_";
const ABSENT = new RegExp(`does not have an attribute named "${PROBE}(.*?)"`);
const UNDECLARED = /^Undefined variable; A "(.*?)" variable was set/;
const OF_VALUES =
  /^(?:Invalid value for variable|Variables not allowed|Function calls not allowed|Variable declaration in)/;

/** A server never reads files of whoever asks it. */
function withoutFileFunctions(problem: Problem): Problem {
  if (!/filesystem functions? disabled/.test(problem.message)) return problem;
  const way =
    "A server reads no files of this machine. Put a nomad on PATH, or write the path of one into CDK_NOMAD_NOMAD: then its own command reads the job.";
  return { ...problem, message: `${problem.message}\n\n  ${way}` };
}

async function readValues(path: string, shown: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return (await readNamedFile(path, { most: LARGEST_VALUES, signal })).toString("utf8");
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnusableFile) throw UserError.at(shown, error.what, "hcl/parse");
    const { code } = error as NodeJS.ErrnoException;
    throw UserError.at(shown, `cannot be read (${code}); write the path of a file of values`, "hcl/parse");
  }
}
