import type { TextKind } from "./pairs";

/** A way to write a password without a name and a sign between them; the last group is what is hidden. */
export interface Phrase {
  /** Without this word there is none. */
  readonly word: RegExp;
  readonly pattern: RegExp;
  /** Whether a value is meant, where the pattern alone does not tell. */
  readonly holds?: (value: string, kind: TextKind) => boolean;
}

/** A phrase of a text. */
export function phrase(word: RegExp, pattern: RegExp, holds?: Phrase["holds"]): Phrase {
  return { word, pattern, ...(holds ? { holds } : {}) };
}
