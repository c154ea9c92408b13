import { commandSpans } from "./commands";
import type { SecretSpan } from "./forms";
import { remembering } from "./remembering";

/** More arguments than this, or longer ones, are no command line that somebody wrote. */
const MOST = 500;
const LONGEST = 4_000;

const NONE: ReadonlyMap<number, readonly SecretSpan[]> = new Map();

/**
 * The parts of a command's arguments that are passwords by their place: `-pwinter` behind `mysql`, the second of `-u` and `mail:winter`
 * behind `curl`. They are read as the line that a shell would have of them.
 *
 * @param command the words before them, of which the first is the command
 * @returns the parts of each argument, by its index
 */
export function argumentSpans(
  command: readonly string[],
  list: readonly unknown[],
): ReadonlyMap<number, readonly SecretSpan[]> {
  // A word alone is a command without arguments.
  if (command.length + list.length < 2 || list.length > MOST) return NONE;
  const words = [...command, ...list].map(asWord);
  if (!words.some((word) => /[A-Za-z]/.test(word))) return NONE;
  const starts: number[] = [];
  let line = "";
  for (const word of words) {
    starts.push(line.length);
    line += `${word} `;
  }
  const found = new Map<number, SecretSpan[]>();
  for (const span of ofLine(line.trimEnd())) {
    const at = starts.findLastIndex((start) => start <= span.start);
    const index = at - command.length;
    const start = starts[at] ?? 0;
    const word = words[at] ?? "";
    if (index < 0 || word === "") continue;
    const own = { ...span, start: span.start - start, end: Math.min(span.end - start, word.length) };
    found.set(index, [...(found.get(index) ?? []), own]);
  }
  return found;
}

const ofLine = remembering((line) => commandSpans(line, "document"));

/** An argument as one word of the same length, whatever is in it; what is no text, or a whole script, is a word of no meaning. */
function asWord(argument: unknown): string {
  if (typeof argument !== "string" || argument.length > LONGEST) return "_";
  return argument.replaceAll(/[\s"'`|;&<>]/g, "_");
}
