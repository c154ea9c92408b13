/** A part of a text. */
export interface Part {
  readonly start: number;
  readonly end: number;
  /** Whether it is a structure or a text of several lines, which is not judged as one value. */
  readonly whole?: boolean;
}

const WORD_ENDS = new Set(" \t\r\n\"'`;&,)]}<>|");
const QUOTES = new Set("\"'`");
/** What a template fills in is not longer than this. */
const LONGEST_FILLED_IN = 500;

/**
 * Finds where values end. What was looked at once is remembered, since many names may lead to the same end: so that the whole of a
 * text is read a few times at most.
 */
export class Scanner {
  #word = { start: 0, end: -1 };
  #line = { start: 0, end: -1, trimmed: -1 };
  #quote = { start: 0, at: -1 };

  constructor(readonly text: string) {}

  /** Up to the quote that closes the one at a place; without one up to the end of the line. */
  quoted(quoteAt: number, escaped: boolean): Part {
    const { text } = this;
    const quote = text[quoteAt];
    const start = quoteAt + 1;
    for (let at = start; at < text.length; at += 1) {
      const char = text[at];
      const filled = char === "{" || char === "$" ? this.filledIn(at) : 0;
      if (filled > 0) at = filled - 1;
      else if (char === "\\") {
        if (escaped && text[at + 1] === quote) return { start, end: at };
        at += 1;
      } else if (char === quote) return { start, end: at };
    }
    return this.line(start);
  }

  /** Up to the end of the line, without spaces at its end. */
  line(start: number): Part {
    if (start < this.#line.start || start > this.#line.end) {
      const found = this.text.indexOf("\n", start);
      const end = found < 0 ? this.text.length : found;
      let trimmed = end;
      while (trimmed > start && /\s/.test(this.text[trimmed - 1] ?? "")) trimmed -= 1;
      this.#line = { start, end, trimmed };
    }
    return { start, end: Math.max(start, this.#line.trimmed) };
  }

  /** The same, up to a quote that no template holds: a header inside of a command. */
  lineUpToQuote(start: number): Part {
    const { end } = this.line(start);
    if (start < this.#quote.start || start > this.#quote.at) {
      let at = start;
      while (at < this.text.length && !QUOTES.has(this.text[at] ?? "")) at = this.filledIn(at) || at + 1;
      this.#quote = { start, at };
    }
    return { start, end: Math.min(end, this.#quote.at) };
  }

  /** One word, as in a command or the query of an address; what a template fills in may hold any character. */
  word(start: number): Part {
    if (start < this.#word.start || start > this.#word.end) {
      let end = start;
      while (end < this.text.length) {
        const filled = this.filledIn(end);
        if (filled === 0 && WORD_ENDS.has(this.text[end] ?? "")) break;
        end = filled > 0 ? filled : end + 1;
      }
      this.#word = { start, end };
    }
    return { start, end: this.#word.end };
  }

  /** The text of an element of XML. */
  element(start: number): Part {
    const end = this.text.slice(start, start + 8192).indexOf("<");
    return end < 0 ? this.word(start) : { start, end: start + end };
  }

  /** A text over the lines that are further in, as YAML has them. */
  blockScalar(start: number, indent: number): Part {
    const { text } = this;
    const body = text.indexOf("\n", start) + 1;
    if (body === 0) return this.line(start);
    let end = body;
    for (let at = body; at < text.length;) {
      const next = text.indexOf("\n", at);
      const stop = next < 0 ? text.length : next;
      const first = firstOther(text, at, stop);
      if (first < stop && first - at <= indent) break;
      end = stop;
      at = stop + 1;
    }
    return { start: body, end, whole: true };
  }

  /** A list or an object up to where it is closed. */
  structure(start: number): Part {
    const { text } = this;
    let depth = 0;
    for (let at = start; at < text.length; at += 1) {
      const char = text[at];
      if (char === '"') at = this.quoted(at, false).end;
      else if (char === "[" || char === "{") depth += 1;
      else if (char === "]" || char === "}") depth -= 1;
      if (depth === 0) return { start, end: at + 1, whole: true };
    }
    return { start, end: text.length, whole: true };
  }

  private filledIn(at: number): number {
    const isTemplate = this.text.startsWith("{{", at);
    if (!isTemplate && !this.text.startsWith("${", at) && !this.text.startsWith("$(", at)) return 0;
    const closing = isTemplate ? "}}" : this.text[at + 1] === "(" ? ")" : "}";
    const end = this.text.slice(at, at + LONGEST_FILLED_IN).indexOf(closing);
    return end < 0 ? 0 : at + end + closing.length;
  }
}

/** The first character that is no space. */
function firstOther(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && (text[at] === " " || text[at] === "\t" || text[at] === "\r")) at += 1;
  return at;
}
