import { linesOf } from "./comments";
import type { Comment, Source, SourceAttribute, SourceBlock } from "./syntax";
import { tokensOf, type Token } from "./tokens";

/**
 * Reads the structure of a text of HCL: its blocks with their attributes, and the comments in it. Values are not read here, and where a text is
 * no HCL, what can be told apart is found all the same. It takes a time that grows with the text, however deep its blocks are.
 */
export function readSource(text: string): Source {
  return new StructureReader(text).read();
}

/** What is written while it is read. */
type Building<T> = { -readonly [K in keyof T]: T[K] };

interface OpenBlock extends Building<Omit<SourceBlock, "children" | "attributes" | "after">> {
  readonly after: Comment[];
  readonly children: SourceBlock[];
  readonly attributes: Map<string, SourceAttribute>;
}

class StructureReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Comments that what comes next will have. */
  #waiting: Comment[] = [];
  /** Where a comment goes that stands on the same line behind something. */
  #behind: Comment[] | undefined;
  readonly #comments: Comment[] = [];
  readonly #root: OpenBlock = block("", [], { line: 0, start: 0 }, []);
  readonly #open: OpenBlock[] = [this.#root];
  #line = 1;
  #nextLine = 0;

  constructor(private readonly text: string) {
    this.#tokens = tokensOf(text);
  }

  read(): Source {
    while (this.#at < this.#tokens.length) this.item();
    // A block that nobody ended goes to the end.
    while (this.#open.length > 1) this.close(this.text.length);
    const { children, attributes } = this.#root;
    return { text: this.text, blocks: children, attributes, comments: this.#comments };
  }

  private item(): void {
    const token = this.#tokens[this.#at] as Token;
    this.#at += 1;
    const sign = this.text[token.start];
    if (token.kind === "newline") this.#behind = undefined;
    else if (token.kind === "comment") this.comment(token);
    else if (sign === "}" && token.kind === "sign") this.close(token.end);
    else if (token.kind === "name" || token.kind === "text") this.named(token);
  }

  private comment(token: Token): void {
    const comment = { lines: linesOf(this.text.slice(token.start, token.end)), start: token.start };
    this.#comments.push(comment);
    (this.#behind ?? this.#waiting).push(comment);
    // A comment over several lines is the end of what stood before it.
    if (comment.lines.length > 1) this.#behind = undefined;
  }

  /** A name with what follows it: an attribute's value, or the labels and the brace of a block. */
  private named(token: Token): void {
    const name = this.unquoted(token);
    if (this.isSign("=") || this.isSign(":")) {
      this.#at += 1;
      return this.attribute(name, token);
    }
    const labels: string[] = [];
    for (let next = this.#tokens[this.#at]; next?.kind === "text" || next?.kind === "name"; this.#at += 1) {
      labels.push(this.unquoted(next));
      next = this.#tokens[this.#at + 1];
    }
    if (token.kind !== "name" || !this.isSign("{")) return;
    this.#at += 1;
    const opened = block(name, labels, { line: this.lineAt(token.start), start: token.start }, this.taken());
    this.#open.push(opened);
    this.#behind = opened.after;
  }

  private attribute(name: string, { start }: Token): void {
    const before = this.taken();
    const line = this.lineAt(start);
    const from = this.#tokens[this.#at]?.start ?? this.text.length;
    const end = this.passValue();
    const after: Comment[] = [];
    const value = { start: Math.min(from, end), end };
    const attribute: SourceAttribute = { kind: "attribute", name, line, start, end, before, after, value };
    const { attributes } = this.#open[this.#open.length - 1] as OpenBlock;
    attributes.set(name, attribute);
    this.#behind = after;
  }

  /** Passes over a value: to the end of its line, but for what is in brackets. */
  private passValue(): number {
    let depth = 0;
    let end = this.#tokens[this.#at - 1]?.end ?? 0;
    for (let token = this.#tokens[this.#at]; token; token = this.#tokens[this.#at]) {
      const sign = token.kind === "sign" ? this.text[token.start] : "";
      if (depth === 0 && (token.kind === "newline" || sign === "}")) break;
      if (token.kind === "comment") {
        // Behind the whole of a value it is for whoever reads the line.
        if (depth === 0) break;
        this.#comments.push({ lines: linesOf(this.text.slice(token.start, token.end)), start: token.start });
      }
      if (sign === "{" || sign === "[" || sign === "(") depth += 1;
      if (sign === "}" || sign === "]" || sign === ")") depth -= 1;
      if (token.kind !== "newline" && token.kind !== "comment") end = token.end;
      this.#at += 1;
    }
    return end;
  }

  private close(end: number): void {
    if (this.#open.length === 1) return;
    const done = this.#open.pop() as OpenBlock;
    done.end = end;
    this.#waiting = [];
    (this.#open[this.#open.length - 1] as OpenBlock).children.push(done);
    this.#behind = done.after;
  }

  private isSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === "sign" && token.end === token.start + 1 && this.text[token.start] === sign;
  }

  private unquoted({ kind, start, end }: Token): string {
    if (kind !== "text") return this.text.slice(start, end);
    return this.text.slice(start + 1, end).replaceAll('"', "");
  }

  private taken(): readonly Comment[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** The line of a place, which is behind the one that was asked for before. */
  private lineAt(at: number): number {
    while (this.#nextLine <= at) {
      this.#line += this.#nextLine === 0 ? 0 : 1;
      this.#nextLine = this.lineAfter(this.#nextLine);
    }
    return this.#line;
  }

  private lineAfter(at: number): number {
    const end = this.text.indexOf("\n", at);
    return end < 0 ? Infinity : end + 1;
  }
}

function block(
  name: string,
  labels: readonly string[],
  { line, start }: { readonly line: number; readonly start: number },
  before: readonly Comment[],
): OpenBlock {
  const [after, children, attributes] = [[], [], new Map<string, SourceAttribute>()] as const;
  return {
    kind: "block",
    name,
    labels,
    line,
    start,
    end: Infinity,
    before,
    after: [...after],
    children: [...children],
    attributes,
  };
}
