import { createInterface } from "node:readline";
import { UserError } from "../errors";
import type { TerminalText } from "../text";
import type { CliContext } from "./context";

/**
 * Asks a person to write a word before something is done that cannot be taken back.
 *
 * @param word what is to be written
 * @throws UserError where nobody can be asked, with the option that says it beforehand; the signal's reason, where it is aborted
 */
export async function confirm(
  question: TerminalText,
  word: string,
  { stdin, terminal, signal }: Pick<CliContext, "stdin" | "terminal" | "signal">,
  { json = false }: { readonly json?: boolean } = {},
): Promise<boolean> {
  const isPerson = "isTTY" in stdin && stdin.isTTY === true;
  if (!isPerson || json)
    throw UserError.at(
      "--yes",
      `is missing: ${json ? "with --json nobody is asked" : "there is no terminal to ask at"}; say it where all of it is to go`,
      "confirm",
    );
  signal.throwIfAborted();
  terminal.note(question);
  const ended = new AbortController();
  const lines = createInterface({ input: stdin });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
      signal.addEventListener("abort", () => reject(signal.reason as Error), {
        once: true,
        signal: ended.signal,
      });
    });
    return answer.trim() === word;
  } finally {
    ended.abort();
    lines.close();
  }
}
