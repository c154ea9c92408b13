import { TerminalText } from "./terminal-text";

/**
 * A word for a shell that evaluates what is printed: one argument, whatever stands in it. It is rendered exactly and never masked, so it
 * is only for what is handed over on purpose.
 *
 * @throws TypeError for a text with a NUL, which no argument can hold
 */
export function shellWord(text: string): TerminalText {
  if (text.includes("\0")) throw new TypeError("an argument of a program cannot hold a NUL");
  return new TerminalText([{ kind: "word", text: shellQuoted(text) }]);
}

/** The same word as a bare text, for what is shown to somebody who may write it: where it is printed, it is masked and shown as any other text. */
export function shellQuoted(text: string): string {
  if (/^[A-Za-z0-9_./@%+,-][A-Za-z0-9_./:@%+,-]*$/.test(text)) return text;
  // Two quotes say nothing to the shell, and keep GitHub's runner from taking a line for a command.
  return `'${text
    .replaceAll("'", "'\\''")
    .replaceAll(/[\r\n]/g, "$&''")
    .replaceAll("##[", "#''#[")}'`;
}
