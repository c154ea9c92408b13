import type { RE2JS } from "re2js";

let engine: typeof RE2JS | undefined;

/** What reads regular expressions is large, and most jobs have none: it is loaded when the first one comes. */
function re2(): typeof RE2JS {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be loaded at once
  return (engine ??= (require("re2js") as { RE2JS: typeof RE2JS }).RE2JS);
}

/** Why a text is no regular expression of Go's (RE2), or undefined. */
export function wrongExpression(text: string): string | undefined {
  try {
    re2().compile(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
