import { RE2JS } from "re2js";

/** Why a text is no regular expression of Go's (RE2), or undefined. */
export function wrongExpression(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
