import type { RE2JS } from "re2js";

let engine: typeof RE2JS | undefined;

/** What reads regular expressions is large, and most jobs have none: it is loaded when the first one comes. */
function re2(): typeof RE2JS {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be loaded at once
  return (engine ??= (require("re2js") as { RE2JS: typeof RE2JS }).RE2JS);
}

/** Why a text is no regular expression of Go's (RE2), or undefined. */
export function wrongExpression(text: string): string | undefined {
  if (nestsTooDeeply(text)) return `nests more than ${DEEPEST} deep; flatten it`;
  try {
    re2().compile(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The first match of a regular expression of Go's (RE2), then what its groups caught; nothing where there is no match. Its time grows
 * with the text alone.
 *
 * @throws an error for what is no regular expression
 */
export function matchExpression(pattern: string, text: string): readonly (string | null)[] | undefined {
  if (nestsTooDeeply(pattern)) throw new RangeError(`the expression nests more than ${DEEPEST} deep`);
  const matcher = re2().compile(pattern).matcher(text);
  if (!matcher.find()) return undefined;
  return Array.from({ length: matcher.groupCount() + 1 }, (_none, group) => matcher.group(group));
}

/** As deep as Go's own parser goes. */
const DEEPEST = 1_000;

function nestsTooDeeply(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    else if (text[at] === ")") depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}
