import type { TextKind } from "./text-kind";

/** A way to write a password without a name and a sign between them; the last group is what is hidden. */
export interface Phrase {
  /** Without this word there is none. Where it begins with `\b`, that holds for all of it. */
  readonly word: RegExp;
  readonly pattern: RegExp;
  /** Whether a value is meant, where the pattern alone does not tell. */
  readonly holds?: (value: string, kind: TextKind) => boolean;
}

/** A phrase of a text. */
export function phrase(word: RegExp, pattern: RegExp, holds?: Phrase["holds"]): Phrase {
  return { word, pattern, ...(holds ? { holds } : {}) };
}

/** Phrases that are looked for together: most texts have none of their words, which one look tells. */
export class Phrases {
  readonly #exact: RegExp;
  readonly #anyCase: RegExp;

  constructor(readonly all: readonly Phrase[]) {
    const sources = (ignoreCase: boolean) =>
      all.flatMap(({ word }) => (word.ignoreCase === ignoreCase ? [word.source] : []));
    this.#exact = anyOf(sources(false), "m");
    this.#anyCase = anyOf(sources(true), "im");
  }

  /** The phrases of which the words are in a text. */
  in(text: string): readonly Phrase[] {
    if (!this.#exact.test(text) && !this.#anyCase.test(text)) return NONE;
    return this.all.filter(({ word }) => word.test(text));
  }
}

const NONE: readonly Phrase[] = [];
const BOUNDARY = String.raw`\b`;

/** One pattern for several: of those that begin where a word does, that is asked once for all. Without any it matches nothing. */
function anyOf(sources: readonly string[], flags: string): RegExp {
  const ofWords = sources.flatMap((source) => (source.startsWith(BOUNDARY) ? [source.slice(BOUNDARY.length)] : []));
  const others = sources.filter((source) => !source.startsWith(BOUNDARY));
  const all = [...(ofWords.length > 0 ? [`${BOUNDARY}(?:${ofWords.join("|")})`] : []), ...others];
  return new RegExp(all.length > 0 ? all.join("|") : "(?!)", flags);
}
