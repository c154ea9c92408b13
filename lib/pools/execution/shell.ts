import { UserError } from "../../errors";

/** Where the start script has a newline at hand, so that the line that it reads is one, whatever is in it. */
const NEWLINE = '"$1"';

/**
 * A word of a line of shell: one argument, whatever bytes are in it.
 *
 * @throws UserError for what no argument can hold
 */
export function word(text: string, what: string): string {
  if (text.includes("\0"))
    throw refused(what, "has a NUL, which no argument and no variable can hold; leave it out", "nul");
  if (!text.isWellFormed())
    throw refused(what, "is no well-formed Unicode text; write bytes that are no text to standard input", "text");
  return `'${text.replaceAll("'", `'\\''`).replaceAll("\n", `'${NEWLINE}'`)}'`;
}

/** An error of whoever asked for an execution. Its message never has a value in it, which may be secret. */
export function refused(what: string, why: string, rule: string): UserError {
  return UserError.at(what, why, `execute/${rule}`);
}
