import { basename, delimiter, dirname, sep } from "node:path";
import type { Environment } from "../nomad";
import { shellQuoted } from "../text";

/** The name of the program. */
const PROGRAM = "cdk-nomad";

/** What has to be written in front of a command, by whoever wrote the last one. */
export type Invocation = typeof PROGRAM | `npx ${typeof PROGRAM}`;

/**
 * How the program was called: by its name, where a shell finds that in a folder of PATH; else by npx, which finds it in the project, whoever started
 * it: npx itself, a script of package.json, or `node bin/cdk-nomad.js`.
 *
 * @param script the file that was started, as it was found: a link stays a link
 */
export function invocationOf(script: string | undefined, { PATH = "" }: Environment): Invocation {
  const folder = script === undefined ? "" : dirname(script);
  // npm puts the project's own programs before everything else in PATH, for what it starts; a shell does not.
  const ofProject = folder.endsWith(`${sep}node_modules${sep}.bin`);
  const found = script !== undefined && basename(script) === PROGRAM && PATH.split(delimiter).includes(folder);
  return found && !ofProject ? PROGRAM : `npx ${PROGRAM}`;
}

/**
 * Writes our own texts so that their command lines can be written as they stand, by whoever called the program so. What the library says to programs, which
 * are not called, has `npx`.
 *
 * The library, which knows no environment, writes ENV in such a line: the command that was given one writes that.
 *
 * @param names of the commands
 * @param environment the one that the command was given, once that is known
 */
export function asInvoked(
  called: Invocation,
  names: readonly string[],
  environment: () => string | undefined = () => undefined,
): (text: string) => string {
  // In a sentence: no part of a longer word.
  const pattern = `(?<![\\w./@:-])(?:npx )?\\b${PROGRAM}(?= (?:(?:${names.join("|")})\\b|--help|\\[options\\]))`;
  const line = new RegExp(pattern, "g");
  const ofEnvironment = new RegExp(`(?<=\\b${PROGRAM} (?:${names.join("|")}) )ENV\\b`, "g");
  return (text) => {
    const name = environment();
    const said = text.replaceAll(line, called);
    return name === undefined ? said : said.replaceAll(ofEnvironment, () => shellQuoted(name));
  };
}
