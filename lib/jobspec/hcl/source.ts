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
 * are told apart, which is what it takes to know which brace opens a block.
 */
export function sourceBlocks(text: string): readonly SourceBlock[] {
  return new Scanner(text).scan();
}

class Scanner {
  #at = 0;
  #line = 1;
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
    const before = this.text.slice(this.text.lastIndexOf("\n", this.#at - 1) + 1, this.#at);
    const comment = this.match(/(?:#|\/\/)[ \t]?([^\n]*)/y) ?? this.match(/\/\*([\s\S]*?)\*\//y);
    if (comment) {
      // What stands behind something speaks of that, and not of what comes next.
      if (/\S/.test(before)) return;
      this.#comments.push(...(comment[1] ?? "").split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd()));
      return;
    }
    if (this.match(/\n[ \t]*\n/y)) {
      // An empty line parts a comment from what follows.
      this.#comments = [];
      this.#at -= 1;
      this.#line -= 1;
      return;
    }
    if (this.match(/\s+?/y)) return;
    if (this.match(/\}/y)) return this.close();
    const attribute = this.match(/([A-Za-z_][\w-]*|"(?:[^"\\]|\\.)*")[ \t]*(?:=|:)(?!=)/y);
    if (attribute) {
      this.parent.attributes.set((attribute[1] ?? "").replaceAll('"', ""), this.#line);
      this.#comments = [];
      return this.expression();
    }
    const head = this.match(/([A-Za-z_][\w-]*)((?:[ \t]+(?:"(?:[^"\\]|\\.)*"|[A-Za-z_][\w-]*))*)[ \t]*\{/y);
    if (head) return this.open(head[1] ?? "", head[2] ?? "");
    this.#at += 1;
  }

  private open(name: string, rest: string): void {
    const labels = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"|([A-Za-z_][\w-]*)/g)].map(
      (found) => found[1] ?? found[2] ?? "",
    );
    const comments = trimmed(this.#comments);
    this.#comments = [];
    this.#open.push({ name, labels, line: this.#line, comments, children: [], attributes: new Map() });
  }

  private close(): void {
    this.#comments = [];
    if (this.#open.length === 1) return;
    const done = this.#open.pop() as Open;
    this.parent.children.push(done);
  }

  /** Passes over a value: to the end of its line, but for what is in brackets, in quotes or in a heredoc. */
  private expression(): void {
    let depth = 0;
    while (this.#at < this.text.length) {
      const heredoc = this.match(/<<-?([A-Za-z_]\w*)[ \t]*\n/y);
      if (heredoc) {
        const end = new RegExp(`^[ \\t]*${heredoc[1]}[ \\t]*$`, "gm");
        end.lastIndex = this.#at;
        const found = end.exec(this.text);
        this.advance(found ? found.index + found[0].length : this.text.length);
        continue;
      }
      if (this.string() || this.match(/(?:#|\/\/)[^\n]*/y) || this.match(/\/\*[\s\S]*?\*\//y)) continue;
      const sign = this.text[this.#at];
      if (depth === 0 && (sign === "\n" || sign === "}")) return;
      if (sign === "{" || sign === "[" || sign === "(") depth += 1;
      if (sign === "}" || sign === "]" || sign === ")") depth -= 1;
      this.advance(this.#at + 1);
    }
  }

  /** Passes over a text in quotes, with the templates in it. */
  private string(): boolean {
    if (this.text[this.#at] !== '"') return false;
    let index = this.#at + 1;
    let depth = 0;
    for (; index < this.text.length; index += 1) {
      const sign = this.text[index];
      if (sign === "\\" && depth === 0) index += 1;
      else if ((sign === "$" || sign === "%") && this.text[index + 1] === "{" && this.text[index - 1] !== sign) {
        depth += 1;
        index += 1;
      } else if (sign === "}" && depth > 0) depth -= 1;
      else if (sign === '"' && depth === 0) break;
      else if (sign === "\n" && depth === 0) break;
    }
    this.advance(index + 1);
    return true;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.advance(pattern.lastIndex);
    return found;
  }

  private advance(to: number): void {
    for (let index = this.#at; index < to; index += 1) if (this.text[index] === "\n") this.#line += 1;
    this.#at = to;
  }
}

/** Comments without the empty lines around them. */
function trimmed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== "");
  const last = lines.findLastIndex((line) => line !== "");
  return first < 0 ? [] : lines.slice(first, last + 1);
}
