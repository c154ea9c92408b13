import { CUT } from "../errors";
import type { Known } from "./known";

/** A part of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Of a known text, so much stands in the index; the rest is looked at where that is found. */
const INDEXED = 256;
/** So many characters are looked at before anything else: no known text is shorter. */
const HEAD = 4;
/** Of a text that is cut, a beginning that is shorter than this is one only where a word begins; a longer one than this is looked for in no other. */
const SHORTEST_BEGUN = 8;
const LONGEST_BEGUN = 4096;

/**
 * Texts that are looked for in others, all of them at once: looking takes as long as the text that is looked at is, and hardly longer where more of them are known. They stand in sorted
 * lists, each at least twice as long as the next, so that one more costs little, and no text is looked at by more lists than their number has digits in the binary system.
 */
export class KnownTexts {
  readonly #all = new Map<string, Known>();
  #lists: SortedTexts[] = [];
  #pending: Known[] = [];

  /** @param known a text of four characters or more */
  add(known: Known): void {
    if (this.#all.has(known.text)) return;
    this.#all.set(known.text, known);
    this.#pending.push(known);
  }

  delete(text: string): void {
    this.#all.delete(text);
  }

  /** Whether nothing is looked for. */
  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** Where known texts stand in a text, anywhere or as words of their own; in no order. */
  spansIn(text: string): readonly Span[] {
    if (text.length < HEAD || this.#all.size === 0) return [];
    this.#settle();
    const found: Span[] = [];
    for (const list of this.#lists) list.find(text, found, (known) => this.#all.get(known.text) === known);
    return found;
  }

  #settle(): void {
    if (this.#pending.length === 0) return;
    let fresh: readonly Known[] = this.#pending;
    this.#pending = [];
    for (let last = this.#lists.at(-1); last && last.size < 2 * fresh.length; last = this.#lists.at(-1)) {
      fresh = [...last.all, ...fresh];
      this.#lists.pop();
    }
    const isStill = (known: Known) => this.#all.get(known.text) === known;
    this.#lists.push(new SortedTexts(fresh.filter(isStill)));
  }
}

/** Texts in the order of their beginnings. */
class SortedTexts {
  /** What is looked for of each text: all of it, or its beginning. */
  readonly #keys: readonly string[];
  readonly #texts: readonly Known[];
  /** For each key, the place of the longest other key that it begins with; -1 where there is none. Of equal keys, each has the one before. */
  readonly #shorter: Int32Array;
  /** Whether some text begins with characters of this hash. */
  readonly #heads: Uint8Array;

  constructor(all: readonly Known[]) {
    const sorted = all
      .map((known) => ({ known, key: known.text.slice(0, INDEXED) }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.#keys = sorted.map(({ key }) => key);
    this.#texts = sorted.map(({ known }) => known);
    this.#shorter = new Int32Array(sorted.length);
    this.#heads = new Uint8Array(2 ** Math.ceil(Math.log2(Math.max(256, 8 * sorted.length))));
    this.#keys.forEach((key, at) => {
      this.#heads[this.#hash(key, 0)] = 1;
      let above = at - 1;
      while (above >= 0 && !key.startsWith(this.#keys[above] ?? "")) above = this.#shorter[above] ?? -1;
      this.#shorter[at] = above;
    });
  }

  get size(): number {
    return this.#texts.length;
  }

  get all(): readonly Known[] {
    return this.#texts;
  }

  find(text: string, found: Span[], counts: (known: Known) => boolean): void {
    /** Where each that was found ends: a text is not looked for inside of itself. */
    const ends = new Map<Known, number>();
    let cut = text.indexOf(CUT);
    for (let start = 0; start <= text.length - HEAD; start += 1) {
      if (this.#heads[this.#hash(text, start)] === 0) continue;
      if (cut >= 0 && cut < start) cut = text.indexOf(CUT, start);
      if (cut >= start + HEAD && this.#isBegun(text, start, cut, counts)) found.push({ start, end: cut });
      let at = this.#lastUpTo(text, start);
      while (at >= 0 && !text.startsWith(this.#keys[at] ?? "", start)) at = this.#shorter[at] ?? -1;
      for (; at >= 0; at = this.#shorter[at] ?? -1) {
        const known = this.#texts[at];
        if (!known || (ends.get(known) ?? 0) > start || !counts(known)) continue;
        const end = start + known.text.length;
        if (known.text.length > INDEXED && !text.startsWith(known.text, start)) continue;
        ends.set(known, end);
        if (known.inside || (!isLetter(text[start - 1]) && !isLetter(text[end]))) found.push({ start, end });
      }
    }
  }

  /** Whether what stands between two places of a text is how some text begins, that is cut there. */
  #isBegun(text: string, start: number, cut: number, counts: (known: Known) => boolean): boolean {
    const piece = text.slice(start, cut);
    if (piece.length > LONGEST_BEGUN) return false;
    // A few letters may begin any word.
    if (piece.length < SHORTEST_BEGUN && isLetter(text[start - 1])) return false;
    for (let at = this.#firstFrom(piece); ; at += 1) {
      const known = this.#texts[at];
      if (!known || !known.text.startsWith(piece.slice(0, INDEXED))) return false;
      if (counts(known) && known.text.startsWith(piece) && (known.inside || !isLetter(text[start - 1]))) return true;
    }
  }

  /** The place of the first key that does not come before a text. */
  #firstFrom(piece: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? "") < piece.slice(0, INDEXED)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The place of the last key that does not come after what stands in a text. */
  #lastUpTo(text: string, start: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comesAfter(this.#keys[middle] ?? "", text, start)) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  #hash(text: string, at: number): number {
    let hash = 0;
    for (let next = at; next < at + HEAD; next += 1) hash = Math.imul(hash ^ text.charCodeAt(next), 0x9e37_79b1);
    return (hash >>> 8) & (this.#heads.length - 1);
  }
}

/** Whether a key comes after the rest of a text, in the order of their characters. */
function comesAfter(key: string, text: string, start: number): boolean {
  for (let at = 0; at < key.length; at += 1) {
    // Beyond the end of a text nothing is: what is longer comes after.
    if (start + at >= text.length) return true;
    const difference = key.charCodeAt(at) - text.charCodeAt(start + at);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[A-Za-z0-9_]/.test(char);
}
