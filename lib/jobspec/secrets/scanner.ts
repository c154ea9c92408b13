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
  quoted(quoteAt: number, escapes: number): Part {
    const { text } = this;
    const quote = text[quoteAt];
    const start = quoteAt + 1;
    for (let at = start; at < text.length; at += 1) {
      const char = text[at];
      const filled = this.filledIn(at);
      if (filled > 0) at = filled - 1;
      else if (char === "\\") {
        const run = backslashes(text, at);
        // In JSON within JSON the closing quote has as many backslashes before it as the opening one.
        if (text[at + run] === quote && run === escapes) return { start, end: at };
        at += run % 2 === 0 && escapes === 0 ? run - 1 : run;
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

  /** The rest of a line, up to a quote that no template holds: a header inside of a command. */
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
    const data = "<![CDATA[";
    if (this.text.startsWith(data, start)) {
      const close = this.text.slice(start, start + 8192).indexOf("]]>");
      return close < 0 ? this.line(start) : { start: start + data.length, end: start + close };
    }
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

  /** Up to three quotes in a row. */
  long(start: number, quotes: string): Part {
    const end = this.text.indexOf(quotes, start + 3);
    return { start: start + 3, end: end < 0 ? this.text.length : end };
  }

  /** The lines of a text that HCL or a shell has between two marks: `<<EOF`; nothing where none begins here. */
  heredoc(start: number): Part | undefined {
    const { text } = this;
    const mark = /^<<-?["']?([A-Za-z_]\w{0,60})["']?[ \t\r]{0,9}\n/.exec(text.slice(start, start + 100));
    if (!mark) return undefined;
    const body = start + mark[0].length;
    const end = new RegExp(`^[ \\t]{0,200}${mark[1] ?? ""}[ \\t\\r]{0,9}$`, "m").exec(text.slice(body))?.index;
    return { start: body, end: end === undefined ? text.length : Math.max(body, body + end - 1), whole: true };
  }

  /** The lines after one that ends with a backslash, as files of properties go on. */
  continued(start: number): Part {
    const { text } = this;
    let end = text.indexOf("\n", start);
    for (let at = end + 1; at > 0;) {
      const next = text.indexOf("\n", at);
      end = next < 0 ? text.length : next;
      at = text[end - 1] === "\\" || (text[end - 1] === "\r" && text[end - 2] === "\\") ? next + 1 : 0;
    }
    return { start: text.indexOf("\n", start) + 1, end, whole: true };
  }

  /**
   * The value in the lines below its name, as YAML allows: one that is further in, a list of values, or where all of it is secret,
   * values under names of their own.
   */
  below(start: number, indent: number, all: boolean): Part | undefined {
    const { text } = this;
    const body = text.indexOf("\n", start) + 1;
    const stop = text.indexOf("\n", body);
    const line = text.slice(body, Math.min(stop < 0 ? text.length : stop, body + 1000));
    const [, spaces = "", dash = "", rest = ""] = /^([ \t]*)(- )?(.*)$/.exec(line) ?? [];
    if (rest.trim() === "" || spaces.length < indent + (dash === "" ? 1 : 0)) return undefined;
    const isPair = /^["']?[\w.-]{1,100}["']?[ \t]{0,9}:(?:\s|$)/.test(rest);
    if (isPair && (!all || dash !== "")) return undefined;
    if (dash === "" && !isPair) return { start: body + spaces.length, end: body + line.trimEnd().length };
    return this.blockScalar(start, dash === "" ? indent : spaces.length - 1);
  }

  /** A list or an object up to where it is closed. */
  structure(start: number): Part {
    const { text } = this;
    let depth = 0;
    for (let at = start; at < text.length; at += 1) {
      const char = text[at];
      if (char === '"') at = this.quoted(at, 0).end;
      else if (char === "[" || char === "{") depth += 1;
      else if (char === "]" || char === "}") depth -= 1;
      if (depth === 0) return { start, end: at + 1, whole: true };
    }
    return { start, end: text.length, whole: true };
  }

  private filledIn(at: number): number {
    const first = this.text[at];
    if (first !== "{" && first !== "[" && first !== "$") return 0;
    const closing = CLOSINGS.get(this.text.slice(at, at + 2));
    if (closing === undefined) return 0;
    const end = this.text.slice(at, at + LONGEST_FILLED_IN).indexOf(closing);
    return end < 0 ? 0 : at + end + closing.length;
  }
}

/** What ends that which is filled in, by how it begins: by templates (those of Nomad, and those of Levant and Nomad Pack), by Nomad and Terraform, by a shell. */
const CLOSINGS: ReadonlyMap<string, string> = new Map([
  ["{{", "}}"],
  ["[[", "]]"],
  ["${", "}"],
  ["$(", ")"],
]);

/** How many backslashes stand in a row. */
export function backslashes(text: string, start: number): number {
  let at = start;
  while (text[at] === "\\") at += 1;
  return at - start;
}

/** The first character that is no space. */
function firstOther(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && (text[at] === " " || text[at] === "\t" || text[at] === "\r")) at += 1;
  return at;
}
