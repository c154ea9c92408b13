import { TerminalText } from "./terminal-text";

/**
 * Makes sure that no line of a text is a command to GitHub's runner, which reads all that a step prints: `::name::` after white space at
 * the beginning of a line, and `##[name]` anywhere. Such a line is broken by a backslash. A text that is broken once stays as it is.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function withoutCommands(text: string): string {
  return text.replaceAll(COMMAND, (found) => `${found.slice(0, -2)}\\::`).replaceAll("##[", "#\\#[");
}

/** One set of characters and no choice between two, which a line of a million spaces would be too long for. */
const COMMAND = /(?:^|[\r\n])[\t\v\f\p{Zs}\p{Zl}\p{Zp}\ufeff\u0085]*::/gu;

/**
 * A command to GitHub's runner on a line of its own: an annotation, a mask, a group. The values come back in the runner as they are
 * given here, but for "=" at the beginning of a property, for which its grammar has no escape.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function workflowCommand(
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  message: string,
): TerminalText {
  if (!/^[a-z][a-z-]*$/.test(name)) throw new TypeError(`"${name}" is not the name of a workflow command`);
  return new TerminalText([{ kind: "command", name, properties, message }]);
}

/** The line of a command. */
export function commandLine(
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  message: string,
  mask: (foreign: string) => string,
): string {
  const written = Object.entries(properties).flatMap(([key, value]) => {
    const text = value === undefined ? "" : mask(String(value)).toWellFormed();
    return text === "" ? [] : [`${key}=${data(text).replaceAll(":", "%3A").replaceAll(",", "%2C")}`];
  });
  // The runner trims the list of properties, so that white space at its end needs something behind it: an empty property is passed over.
  const list = written.length === 0 ? "" : ` ${written.join(",")}`.replace(/[\s\u0085]$/, "$&,");
  return `::${name}${list}::${data(mask(message).toWellFormed())}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
