import { afterComment, afterHeredoc, afterString, afterWord, heredocAt, isComment } from "./tokens";

/** A block in a text of HCL: where it stands, and the comments right before it. */
export interface SourceBlock {
  readonly name: string;
  readonly labels: readonly string[];
  /** Its first line, counted from 1. */
  readonly line: number;
  /** Lines of the comments before it, without their marks. */
  readonly comments: readonly string[];
  readonly children: readonly SourceBlock[];
  /** The lines of its attributes. */
  readonly attributes: ReadonlyMap<string, number>;
}

interface Open {
  readonly name: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly comments: readonly string[];
  readonly children: SourceBlock[];
  readonly attributes: Map<string, number>;
}

/**
 * Finds the blocks of a text of HCL that Nomad could parse. Values are passed over: only strings, heredocs, comments and brackets
 * are told apart, which is what it takes to know which brace opens a block. Every character is looked at a fixed number of times,
 * whatever the text is.
 */
export function sourceBlocks(text: string): readonly SourceBlock[] {
  return new Scanner(text).scan();
}

class Scanner {
  #at = 0;
  #line = 1;
  /** Whether something stands on the line before the place that was reached. */
  #begun = false;
  #comments: string[] = [];
  readonly #root: Open = { name: "", labels: [], line: 0, comments: [], children: [], attributes: new Map() };
  readonly #open: Open[] = [this.#root];

  constructor(private readonly text: string) {}

  scan(): readonly SourceBlock[] {
    while (this.#at < this.text.length) this.item();
    return this.#root.children;
  }

  private get parent(): Open {
    return this.#open[this.#open.length - 1] as Open;
  }

  private item(): void {
    const { text } = this;
    const sign = text[this.#at] as string;
    if (sign === "\n") {
      // An empty line parts a comment from what follows.
      if (!this.#begun) this.#comments = [];
      this.advance(this.#at + 1);
    } else if (isComment(text, this.#at)) this.comment();
    else if (sign === "}") {
      this.advance(this.#at + 1);
      this.close();
    } else if (sign === '"') {
      const start = this.#at;
      this.advance(afterString(text, start));
      if (this.isAssignment()) this.attribute(text.slice(start + 1, this.#at - 1).replaceAll('"', ""));
    } else if (afterWord(text, this.#at) > this.#at) this.word();
    else this.advance(this.#at + 1);
  }

  private comment(): void {
    const { text } = this;
    const end = afterComment(text, this.#at);
    // What stands behind something speaks of that, and not of what comes next.
    if (!this.#begun) {
      const long = text.startsWith("/*", this.#at);
      const inner = long
        ? text.slice(this.#at + 2, text.startsWith("*/", end - 2) ? end - 2 : end)
        : text.slice(this.#at + (text[this.#at] === "#" ? 1 : 2), end).replace(/^[ \t]/, "");
      for (const line of inner.split("\n")) this.#comments.push(line.replace(/^\s*\*? ?/, "").trimEnd());
    }
    this.advance(end);
  }

  /** A name with what follows it: an attribute's value, or the labels and the brace of a block. */
  private word(): void {
    const { text } = this;
    const line = this.#line;
    const name = this.take(afterWord(text, this.#at));
    if (this.isAssignment()) return this.attribute(name);
    const labels: string[] = [];
    for (;;) {
      this.spaces();
      const start = this.#at;
      if (text[start] === '"') labels.push(this.take(afterString(text, start)).slice(1, -1));
      else if (afterWord(text, start) > start) labels.push(this.take(afterWord(text, start)));
      else break;
    }
    if (text[this.#at] !== "{") return;
    this.advance(this.#at + 1);
    const comments = trimmed(this.#comments);
    this.#comments = [];
    this.#open.push({ name, labels, line, comments, children: [], attributes: new Map() });
  }

  private close(): void {
    this.#comments = [];
    if (this.#open.length === 1) return;
    const done = this.#open.pop() as Open;
    this.parent.children.push(done);
  }

  /** Whether a value follows on the same line. */
  private isAssignment(): boolean {
    this.spaces();
    const sign = this.text[this.#at];
    return (sign === "=" || sign === ":") && this.text[this.#at + 1] !== "=";
  }

  private attribute(name: string): void {
    this.parent.attributes.set(name, this.#line);
    this.#comments = [];
    this.advance(this.#at + 1);
    this.expression();
  }

  /** Passes over a value: to the end of its line, but for what is in brackets, in quotes or in a heredoc. */
  private expression(): void {
    const { text } = this;
    let depth = 0;
    while (this.#at < text.length) {
      const sign = text[this.#at] as string;
      const heredoc = sign === "<" ? heredocAt(text, this.#at) : undefined;
      if (heredoc) this.advance(afterHeredoc(text, heredoc));
      else if (sign === '"') this.advance(afterString(text, this.#at));
      else if (isComment(text, this.#at)) this.advance(afterComment(text, this.#at));
      else {
        if (depth === 0 && (sign === "\n" || sign === "}")) return;
        if (sign === "{" || sign === "[" || sign === "(") depth += 1;
        if (sign === "}" || sign === "]" || sign === ")") depth -= 1;
        this.advance(this.#at + 1);
      }
    }
  }

  private spaces(): void {
    while (this.text[this.#at] === " " || this.text[this.#at] === "\t") this.#at += 1;
  }

  private take(to: number): string {
    const taken = this.text.slice(this.#at, to);
    this.advance(to);
    return taken;
  }

  private advance(to: number): void {
    for (; this.#at < to; this.#at += 1) {
      const sign = this.text[this.#at];
      if (sign === "\n") {
        this.#line += 1;
        this.#begun = false;
      } else if (sign !== " " && sign !== "\t" && sign !== "\r") this.#begun = true;
    }
  }
}

/** Comments without the empty lines around them. */
function trimmed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== "");
  const last = lines.findLastIndex((line) => line !== "");
  return first < 0 ? [] : lines.slice(first, last + 1);
}
