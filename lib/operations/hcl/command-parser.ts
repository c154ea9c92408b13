import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Problem, UserError } from "../../errors";
import { readNamedFile, UnusableFile } from "../../reading";
import { checkHeredocs } from "./long-text";
import type { HclParser } from "./parser";
import { diagnostics, parserProblems, type Diagnostic, type GivenValue } from "./problems";
import { valuesInDeclarations, valuesInFile } from "./values-in-files";
import {
  assignment,
  environmentValues,
  isVariableName,
  LARGEST_VALUES,
  type HclVariables,
  type ValueForm,
} from "./variables";

/** What reading with Nomad's own command needs. */
export interface CommandParserOptions {
  /** The path of the program. */
  readonly program: () => Promise<string>;
  readonly variables: HclVariables;
  /** The folder at which the paths of variable files and of HCL's file functions start. */
  readonly cwd: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** The name that the command gives to its standard input. */
const SOURCE = "stdin";
const LONGEST_ANSWER = 256 * 1024 * 1024;
const LONGEST_TIME = 60_000;

/**
 * Reads HCL with Nomad's own command, `nomad job run -output`, which talks to no server. No value stands in its arguments, where every user of
 * the machine could read it: values by name are handed over in a file that only this user can read.
 */
export function commandParser(options: CommandParserOptions): HclParser {
  return async (file, text) => {
    checkHeredocs(file, text);
    return new CommandRun(options, text).parse();
  };
}

interface Answer {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A file of values: where Nomad reads it, what a person calls it, and what stands in it. */
interface FileOfValues {
  readonly path: string;
  readonly shown: string;
  readonly text: string;
}

/** One reading of one text. */
class CommandRun {
  private readonly values: readonly (readonly [string, string])[];
  private files: readonly FileOfValues[] = [];

  constructor(
    private readonly options: CommandParserOptions,
    private readonly text: string,
  ) {
    this.values = Object.entries(options.variables.values ?? {});
  }

  async parse(): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-variables-"));
    try {
      this.files = await this.filesFor(folder);
      const { forms, undeclared } = await this.formsOfValues();
      const wrong = await this.wrongExpressions(forms);
      if (wrong.length > 0) throw new UserError(wrong);
      return await this.withValues(join(folder, "values.hcl"), forms, undeclared);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The files of values, each read before Nomad reads it: a pipe can be read once only, so what came out of it is given to Nomad in a file. */
  private async filesFor(folder: string): Promise<readonly FileOfValues[]> {
    const { variables, cwd, signal } = this.options;
    const found: FileOfValues[] = [];
    for (const [index, shown] of (variables.files ?? []).entries()) {
      const at = resolve(cwd, shown);
      const text = await readOr(at, shown, signal);
      const isFile = text === undefined || statSync(at, { throwIfNoEntry: false })?.isFile() !== false;
      const path = isFile ? shown : join(folder, `${index}.hcl`);
      if (text !== undefined && !isFile) writeFileSync(path, text, { mode: 0o600 });
      found.push({ path, shown, text: text ?? "" });
    }
    return found;
  }

  /** Reads the job with all values: those by name in the last of the files, which counts over the others. */
  private async withValues(
    path: string,
    forms: ReadonlyMap<string, ValueForm>,
    undeclared: readonly string[],
  ): Promise<unknown> {
    const names: string[] = [];
    let content = "";
    for (const [name, value] of this.values) {
      const form = forms.get(name);
      if (form === undefined) continue;
      const lines = assignment(name, value, form);
      names.push(
        ...lines
          .split("\n")
          .slice(1)
          .map(() => name),
      );
      content += lines;
    }
    const files = this.files.map((file) => file.path);
    if (content !== "") {
      writeFileSync(path, content, { mode: 0o600 });
      files.push(path);
    }
    const answer = await this.run(
      // A name that the job does not declare is for Nomad to refuse; it does not need the value for that.
      [...files.map((file) => `-var-file=${file}`), ...undeclared.map((name) => `-var=${name}=`)],
      environmentValues(this.options.variables),
    );
    if (answer.succeeded) return JSON.parse(answer.stdout) as unknown;
    const placeOf = ({ file, row, message }: Diagnostic) => {
      if (file === path) return `--var ${names[row - 1] ?? ""}`;
      const piped = this.files.find((each) => each.path === file && each.shown !== file);
      if (piped !== undefined) return row > 0 ? `${piped.shown}:${row}` : piped.shown;
      const [, variable] = /^<value for var\.(.*) from env>$/.exec(file) ?? [];
      if (variable !== undefined) return `NOMAD_VAR_${variable}`;
      const [, name] = /^Invalid value for variable; The value for (\S+) is not/.exec(message) ?? [];
      return file === "" && name !== undefined ? `NOMAD_VAR_${name}` : undefined;
    };
    throw new UserError(this.problems(answer, placeOf));
  }

  /**
   * How Nomad reads each value by name, which depends on what the job declares. Nomad is asked with a quote in place of each value, which is a
   * text and no expression.
   */
  private async formsOfValues(): Promise<{
    readonly forms: ReadonlyMap<string, ValueForm>;
    readonly undeclared: readonly string[];
  }> {
    const named = this.values.map(([name]) => name).filter(isVariableName);
    const undeclared = new Set(this.values.map(([name]) => name).filter((name) => !isVariableName(name)));
    const forms = new Map<string, ValueForm>(named.map((name) => [name, "text"]));
    if (named.length === 0) return { forms, undeclared: [...undeclared] };
    const { stderr } = await this.run(named.map((name) => `-var=${name}="`));
    for (const { file, message } of diagnostics(stderr)) {
      const [, expression] = /^<value for var\.(.*) from arguments>$/.exec(file) ?? [];
      if (expression !== undefined) forms.set(expression, "expression");
      const [, unknown] = /^Undefined -var variable; A "(.*?)" variable/.exec(message) ?? [];
      if (unknown === undefined) continue;
      undeclared.add(unknown);
      forms.delete(unknown);
    }
    return { forms, undeclared: [...undeclared] };
  }

  /** Which values are to be expressions and are none. Nomad reads those of the environment as it reads those of the command line. */
  private async wrongExpressions(forms: ReadonlyMap<string, ValueForm>): Promise<readonly Problem[]> {
    const expressions = this.values.filter(([name]) => forms.get(name) === "expression");
    if (expressions.length === 0) return [];
    const answer = await this.run([], new Map(expressions));
    const own = diagnostics(answer.stderr).filter(({ file }) => /^<value for var\..* from env>$/.test(file));
    if (own.length === 0) return [];
    const placeOf = ({ file }: Diagnostic) => file.replace(/^<value for var\.(.*) from env>$/, "--var $1");
    return parserProblems(own, { text: this.text, source: SOURCE, given: this.given(), placeOf });
  }

  /** The values that no message shows. */
  private given(): readonly GivenValue[] {
    const byName = [...this.values, ...environmentValues(this.options.variables)];
    return [
      ...byName.map(([name, value]) => ({ name: `the value of ${name}`, value })),
      ...this.files.flatMap(({ shown, text }) => valuesInFile(shown, text)),
      ...valuesInDeclarations(this.text),
    ];
  }

  private problems({ stderr }: Answer, placeOf: (diagnostic: Diagnostic) => string | undefined): readonly Problem[] {
    return parserProblems(diagnostics(stderr), { text: this.text, source: SOURCE, given: this.given(), placeOf });
  }

  private async run(args: readonly string[], variables: ReadonlyMap<string, string> = new Map()): Promise<Answer> {
    const { program, variables: given, cwd, signal } = this.options;
    // Whatever points the command at a server is taken away: an address that it cannot read would stop it.
    const env = Object.fromEntries(Object.entries(given.env ?? {}).filter(([name]) => !name.startsWith("NOMAD_")));
    for (const [name, value] of variables) env[`NOMAD_VAR_${name}`] = value;
    const path = await program();
    return new Promise((settle, fail) => {
      const child = execFile(
        path,
        ["job", "run", "-output", ...args, "-"],
        { cwd, env, signal, maxBuffer: LONGEST_ANSWER, timeout: LONGEST_TIME },
        (error, stdout, stderr) => {
          if (signal?.aborted) fail(error ?? new Error("interrupted"));
          else if (error?.killed && stderr === "") settle({ succeeded: false, stdout, stderr: TOO_SLOW });
          else settle({ succeeded: error === null, stdout, stderr: stderr || (error?.message ?? "") });
        },
      );
      // Where it ends before it has read everything, its answer says why.
      child.stdin?.on("error", () => undefined).end(this.text);
    });
  }
}

/** The time of Nomad's parser grows with the square of a text's lines. */
const TOO_SLOW = `Nomad's parser did not end within ${LONGEST_TIME / 1000} s; keep long texts in files of their own, with data = file("…"), or give the job as JSON`;

/** The text of a file of values; undefined where it cannot be read, which Nomad says. */
async function readOr(path: string, shown: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return (await readNamedFile(path, { most: LARGEST_VALUES, signal })).toString("utf8");
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnusableFile) throw UserError.at(shown, error.what, "hcl/parse");
    return undefined;
  }
}
