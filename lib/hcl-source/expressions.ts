import { linesOf } from "./comments";
import type { Comment, Entry, Expression, Item, Range, TemplatePart } from "./syntax";
import { templateParts } from "./templates";
import { tokensOf, type Token } from "./tokens";

/** How deep expressions stand in each other at most; what is deeper is not read, and stays a text. */
const DEEPEST = 100;

/**
 * Reads the expression in a part of a text. What is no expression of a kind that is known here, such as `for`, is read as something of which only
 * the names in it are known; a server decides what it means.
 *
 * @see https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#expressions
 */
export function readExpression(text: string, range: Range): Expression {
  return expressionIn({ text, templates: new Map() }, range, 0);
}

/** A text that expressions are read in. */
interface Reading {
  readonly text: string;
  /** The templates that were read, by where they begin: each is read once, also where what it stands in turns out to be of no kind that is known. */
  readonly templates: Map<number, readonly TemplatePart[]>;
}

function expressionIn(reading: Reading, { start, end }: Range, depth: number): Expression {
  const tokens = tokensOf(reading.text, start, end);
  if (depth <= DEEPEST) {
    const reader = new ExpressionReader(reading, tokens, depth);
    const expression = reader.whole();
    if (expression) return expression;
  }
  return { kind: "other", references: namesIn(reading, tokens, depth) };
}

function templateAt(reading: Reading, token: Token, depth: number): readonly TemplatePart[] {
  const { text, templates } = reading;
  const known = templates.get(token.start);
  if (known) return known;
  const parts = templateParts(text, token, (range, isDirective) => {
    // Marks at the braces take the spaces around them away.
    const isPlain = !isDirective && text[range.start] !== "~" && text[range.end - 1] !== "~";
    return isPlain
      ? expressionIn(reading, range, depth)
      : { kind: "other", references: namesIn(reading, tokensOf(text, range.start, range.end), depth) };
  });
  templates.set(token.start, parts);
  return parts;
}

/** The references among tokens, wherever they stand, those in templates too. */
function namesIn(reading: Reading, tokens: readonly Token[], depth: number): readonly (readonly string[])[] {
  const { text } = reading;
  const found: (readonly string[])[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "name" && sign(text, tokens[index - 1]) !== ".") {
      const names = [text.slice(token.start, token.end)];
      for (let at = index + 1; sign(text, tokens[at]) === "." && tokens[at + 1]?.kind === "name"; at += 2)
        names.push(text.slice(tokens[at + 1]?.start, tokens[at + 1]?.end));
      found.push(names);
    } else if (token.kind === "text" || token.kind === "heredoc") {
      // A template that is too deep may name anything.
      if (depth > DEEPEST) found.push(["var"], ["local"]);
      else
        for (const part of templateAt(reading, token, depth + 1))
          if (typeof part !== "string") for (const names of referencesIn(part.of)) found.push(names);
    }
  }
  return found;
}

/** What an expression refers to. */
export function referencesIn(expression: Expression): readonly (readonly string[])[] {
  switch (expression.kind) {
    case "literal":
      return [];
    case "reference":
      return [expression.names];
    case "template":
      return expression.parts.flatMap((part) => (typeof part === "string" ? [] : referencesIn(part.of)));
    case "list":
    case "object":
      return expression.items.flatMap(({ value }) => referencesIn(value));
    case "call":
      return expression.arguments.flatMap(referencesIn);
    case "conditional":
      return [expression.condition, expression.yes, expression.no].flatMap(referencesIn);
    case "binary":
      return [...referencesIn(expression.left), ...referencesIn(expression.right)];
    case "unary":
      return referencesIn(expression.of);
    case "other":
      return expression.references;
  }
}

/** Operators by how strongly they bind. */
const BINDING: ReadonlyMap<string, number> = new Map([
  ["||", 1],
  ["&&", 2],
  ["==", 3],
  ["!=", 3],
  ["<", 4],
  [">", 4],
  ["<=", 4],
  [">=", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["/", 6],
  ["%", 6],
]);

/** Reads expressions by recursive descent; undefined is no expression of a kind that is known. */
class ExpressionReader {
  #at = 0;
  #depth: number;
  #waiting: Comment[] = [];
  /** Whether line breaks mean nothing, as in brackets. */
  #overLines = false;

  private readonly text: string;

  constructor(
    private readonly reading: Reading,
    private readonly tokens: readonly Token[],
    depth: number,
  ) {
    this.text = reading.text;
    this.#depth = depth;
  }

  whole(): Expression | undefined {
    const expression = this.expression();
    this.spaces(true);
    return this.#at === this.tokens.length ? expression : undefined;
  }

  private expression(): Expression | undefined {
    if (this.#depth >= DEEPEST) return undefined;
    this.#depth += 1;
    const found = this.conditional();
    this.#depth -= 1;
    return found;
  }

  private conditional(): Expression | undefined {
    const condition = this.binary(1);
    if (!condition || !this.takes("?")) return condition;
    const yes = this.expression();
    const no = yes && this.takes(":") ? this.expression() : undefined;
    return yes && no && { kind: "conditional", condition, yes, no };
  }

  private binary(least: number): Expression | undefined {
    let left = this.unary();
    for (let count = 0; left && count < DEEPEST; count += 1) {
      const operator = this.peek();
      const binding = BINDING.get(operator) ?? 0;
      if (binding < least) return left;
      this.#at += 1;
      const right = this.binary(binding + 1);
      left = right && { kind: "binary", sign: operator, left, right };
    }
    return undefined;
  }

  private unary(): Expression | undefined {
    const operator = this.peek();
    if (operator !== "-" && operator !== "!") return this.withSteps(this.term());
    if (this.#depth >= DEEPEST) return undefined;
    this.#at += 1;
    this.#depth += 1;
    const of = this.unary();
    this.#depth -= 1;
    return of && { kind: "unary", sign: operator, of };
  }

  /** What stands behind a term: attributes of it. Any other step, such as a splat, is of no kind that is known. */
  private withSteps(term: Expression | undefined): Expression | undefined {
    if (!term || !["[", "."].includes(this.peek())) return term;
    if (term.kind !== "reference" || this.peek() === "[") return undefined;
    const names = [...term.names];
    while (this.peek() === ".") {
      const name = this.tokens[this.#at + 1];
      if (name?.kind !== "name") return undefined;
      names.push(this.shown(name));
      this.#at += 2;
    }
    return this.peek() === "[" ? undefined : { kind: "reference", names };
  }

  private term(): Expression | undefined {
    this.spaces(this.#overLines);
    const token = this.tokens[this.#at];
    if (!token) return undefined;
    this.#at += 1;
    if (token.kind === "number") return { kind: "literal", value: Number(this.shown(token)) };
    if (token.kind === "name") return this.name(this.shown(token));
    if (token.kind === "text" || token.kind === "heredoc") return this.template(token);
    const opening = this.shown(token);
    if (opening === "[") return this.inBrackets(() => this.list());
    if (opening === "{") return this.inBrackets(() => this.object(), false);
    return opening === "("
      ? this.inBrackets(() => {
          const inner = this.expression();
          return this.takes(")") ? inner : undefined;
        })
      : undefined;
  }

  private name(name: string): Expression | undefined {
    if (this.peek() === "(") {
      this.#at += 1;
      return this.inBrackets(() => this.call(name));
    }
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
    return name === "null" ? { kind: "literal", value: null } : { kind: "reference", names: [name] };
  }

  private template(token: Token): Expression {
    const parts = templateAt(this.reading, token, this.#depth + 1);
    if (parts.every((part) => typeof part === "string")) return { kind: "literal", value: parts.join("") };
    const [only] = parts;
    // A text that is one template alone is what the template is, also where that is no text.
    if (token.kind === "text" && parts.length === 1 && typeof only === "object") return { ...only.of };
    return { kind: "template", parts };
  }

  private call(name: string): Expression | undefined {
    const given: Expression[] = [];
    while (!this.takes(")")) {
      const argument = this.expression();
      if (!argument) return undefined;
      given.push(argument);
      if (!this.takes(",") && this.peek() !== ")") return undefined;
    }
    return { kind: "call", name, arguments: given };
  }

  private list(): Expression | undefined {
    const items: Item[] = [];
    for (;;) {
      this.spaces(true);
      if (this.takes("]")) return { kind: "list", items, inside: this.taken() };
      const item = this.item(() => this.expression());
      if (!item) return undefined;
      items.push(item);
      if (!this.comma(item) && this.peek() !== "]") return undefined;
    }
  }

  private object(): Expression | undefined {
    const items: Entry[] = [];
    for (;;) {
      this.spaces(true);
      if (this.takes("}")) return { kind: "object", items, inside: this.taken() };
      const before = this.taken();
      const start = this.tokens[this.#at]?.start ?? 0;
      const key = this.key();
      if (key === undefined || !(this.takes("=") || this.takes(":"))) return undefined;
      const item = this.item(() => this.expression());
      if (!item) return undefined;
      const entry: Entry = { ...item, key, start, before };
      items.push(entry);
      if (!this.comma(entry) && !["}", "\n"].includes(this.peek())) return undefined;
    }
  }

  private key(): string | undefined {
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "name" || token?.kind === "number") return this.shown(token);
    if (token?.kind !== "text") return undefined;
    const parts = templateAt(this.reading, token, this.#depth + 1);
    return parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
  }

  private item(read: () => Expression | undefined): Item | undefined {
    const before = this.taken();
    const start = this.tokens[this.#at]?.start ?? 0;
    const value = read();
    if (!value) return undefined;
    // What was passed over on its last line stands behind it, and what follows on others before what comes next.
    const found = this.taken();
    let last = this.#at - 1;
    while (this.tokens[last]?.kind === "comment" || this.tokens[last]?.kind === "newline") last -= 1;
    const end = this.tokens[last]?.end ?? start;
    const isBehind = ({ start: at }: Comment) => at < end || !this.text.slice(end, at).includes("\n");
    this.#waiting = found.filter((comment) => !isBehind(comment));
    return { value, before, after: found.filter(isBehind), start, end };
  }

  /** Passes over a comma, and gives the comments behind it on its line to the item before it. */
  private comma({ after }: Item): boolean {
    this.spaces(false, after);
    const found = this.takes(",");
    this.spaces(false, after);
    return found;
  }

  private inBrackets<T>(read: () => T | undefined, overLines = true): T | undefined {
    const before = this.#overLines;
    this.#overLines = overLines;
    this.#depth += 1;
    const found = this.#depth > DEEPEST ? undefined : read();
    this.#depth -= 1;
    this.#overLines = before;
    return found;
  }

  /** Passes over comments, and over line breaks where they mean nothing. */
  private spaces(overLines: boolean, comments: Comment[] | readonly Comment[] = this.#waiting): void {
    for (let token = this.tokens[this.#at]; token; token = this.tokens[this.#at]) {
      if (token.kind === "comment")
        (comments as Comment[]).push({ lines: linesOf(this.shown(token)), start: token.start });
      else if (token.kind !== "newline" || !overLines) return;
      this.#at += 1;
    }
  }

  private taken(): readonly Comment[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** The sign that comes next; a line break where it means something, and nothing where no sign comes. */
  private peek(): string {
    this.spaces(this.#overLines);
    const token = this.tokens[this.#at];
    return token?.kind === "newline" ? "\n" : sign(this.text, token);
  }

  private takes(expected: string): boolean {
    if (this.peek() !== expected) return false;
    this.#at += 1;
    return true;
  }

  private shown({ start, end }: Token): string {
    return this.text.slice(start, end);
  }
}

function sign(text: string, token: Token | undefined): string {
  return token?.kind === "sign" ? text.slice(token.start, token.end) : "";
}
