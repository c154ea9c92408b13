import { Effort } from "./effort";
import { asText, FUNCTIONS, NeedsTerraform, NoValue, times, WEIGHTS, type TerraformValue } from "./functions";
import { OWN_LIMITS } from "./limits";

export { NeedsTerraform, type TerraformValue } from "./functions";

/** Values of variables by name. */
export type Variables = ReadonlyMap<string, TerraformValue>;

/** Calls and lists within each other; Terraform itself is asked about what is deeper. */
const DEEPEST = 100;

/**
 * Evaluates a template of Terraform as far as the texts of this library use it: escapes, variables, `jsonencode` and a few functions.
 *
 * @param effort what the stack's templates may still read and write. Default: as much as a computer can
 * @throws NeedsTerraform for whatever else there is, such as the attribute of another resource
 * @throws TooMuch where no effort is left
 */
export function evaluateTemplate(
  text: string,
  variables: Variables,
  effort = new Effort(OWN_LIMITS.evaluated, ""),
): TerraformValue {
  const parts: TerraformValue[] = [];
  let literal = "";
  for (let at = 0; at < text.length;) {
    const special = nextSpecial(text, at);
    literal += text.slice(at, special);
    at = special;
    if (at >= text.length) break;
    const sign = text[at];
    if (text[at + 1] === sign) {
      literal += `${sign}{`;
      at += 3;
    } else if (sign === "%") {
      throw new NeedsTerraform("a template directive");
    } else {
      if (literal) parts.push(literal);
      literal = "";
      const parser = new Parser(text, at + 2, variables, effort);
      const value = parser.expression();
      effort.spend([value]);
      parts.push(value);
      at = parser.expect("}");
    }
  }
  if (literal || parts.length === 0) parts.push(literal);
  return parts.length === 1 ? (parts[0] as TerraformValue) : parts.map(asText).join("");
}

/** Where the next escape, expression or directive begins; the end of the text where none does. */
function nextSpecial(text: string, from: number): number {
  for (let at = text.indexOf("{", from + 1); at >= 0; at = text.indexOf("{", at + 1)) {
    const sign = text[at - 1];
    if (at - 1 < from || (sign !== "$" && sign !== "%")) continue;
    return at - 2 >= from && text[at - 2] === sign ? at - 2 : at - 1;
  }
  return text.length;
}

const NUMBER = /-?\d+(?:\.\d+)?/y;
const NAME = /[A-Za-z_][\w.-]*/y;
const SPACE = /\s*/y;

class Parser {
  #depth = 0;

  constructor(
    private readonly text: string,
    private at: number,
    private readonly variables: Variables,
    private readonly effort: Effort,
  ) {}

  expression(): TerraformValue {
    this.take(SPACE);
    if (this.#depth > DEEPEST) throw new NeedsTerraform(`an expression nested more than ${DEEPEST} deep`);
    this.#depth += 1;
    const value = this.product();
    this.#depth -= 1;
    return value;
  }

  /** Units of tokens are products; every other operator is left to Terraform. */
  private product(): TerraformValue {
    let value = this.value();
    for (this.take(SPACE); this.text[this.at] === "*"; this.take(SPACE)) {
      this.at += 1;
      this.take(SPACE);
      value = times(value, this.value());
    }
    return value;
  }

  /** Steps over what must stand here. */
  expect(char: string): number {
    this.take(SPACE);
    if (this.text[this.at] !== char) throw this.unknown();
    this.at += 1;
    return this.at;
  }

  private value(): TerraformValue {
    const char = this.text[this.at];
    if (char === '"') return this.string();
    if (char === "[") return this.list("[", "]");
    if (char === "!") return this.not();
    if (char === "(") return this.grouped();
    const number = this.take(NUMBER);
    if (number !== "") return Number(number);
    const name = this.take(NAME);
    if (name === "") throw this.unknown();
    if (this.text[this.at] === "(") return this.call(name);
    if (name === "true" || name === "false") return name === "true";
    return this.variable(name);
  }

  private grouped(): TerraformValue {
    this.expect("(");
    const value = this.expression();
    this.expect(")");
    return value;
  }

  /** What is not so; an operator behind it is left to Terraform, as every other one. */
  private not(): boolean {
    this.expect("!");
    this.take(SPACE);
    const value = this.value();
    if (typeof value !== "boolean") throw new NeedsTerraform("! of what is neither true nor false");
    return !value;
  }

  private variable(name: string): TerraformValue {
    const value = name.startsWith("var.") ? this.variables.get(name.slice(4)) : undefined;
    if (value === undefined) throw new NeedsTerraform(name);
    return value;
  }

  private call(name: string): TerraformValue {
    if (name === "can") return this.can();
    const make = FUNCTIONS.get(name);
    if (!make) throw new NeedsTerraform(`${name}()`);
    const given = this.list("(", ")");
    this.effort.spend(given, WEIGHTS.get(name));
    return make(...given);
  }

  /** Whether the expression inside has a value. */
  private can(): boolean {
    const [start, depth] = [this.at, this.#depth];
    try {
      this.list("(", ")");
      return true;
    } catch (error) {
      if (!(error instanceof NoValue)) throw error;
      this.#depth = depth;
      this.at = this.closing(start);
      return false;
    }
  }

  private list(open: string, close: string): TerraformValue[] {
    this.expect(open);
    const items: TerraformValue[] = [];
    this.take(SPACE);
    while (this.text[this.at] !== close) {
      items.push(this.expression());
      this.take(SPACE);
      if (this.text[this.at] !== close) this.expect(",");
      this.take(SPACE);
    }
    this.at += 1;
    return items;
  }

  private string(): string {
    const end = this.endOfString(this.at);
    const text = readString(this.text.slice(this.at, end));
    this.at = end;
    return text;
  }

  private endOfString(start: number): number {
    let at = start + 1;
    while (at < this.text.length && this.text[at] !== '"') at += this.text[at] === "\\" ? 2 : 1;
    return at + 1;
  }

  /** The place behind the parenthesis that closes the one at `start`. */
  private closing(start: number): number {
    let depth = 0;
    for (let at = start; at < this.text.length;) {
      const char = this.text[at];
      if (char === "(") depth += 1;
      if (char === ")") depth -= 1;
      at = char === '"' ? this.endOfString(at) : at + 1;
      if (depth === 0) return at;
    }
    throw new NeedsTerraform("a parenthesis that is not closed");
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ""] = pattern.exec(this.text) ?? [];
    this.at += found.length;
    return found;
  }

  private unknown(): NeedsTerraform {
    return new NeedsTerraform(this.text.slice(this.at, this.at + 40));
  }
}

/** A text in quotes, whose escapes are JSON's; templates in it are left to Terraform. */
function readString(quoted: string): string {
  if (/[$%]\{/.test(quoted)) throw new NeedsTerraform("a template inside an expression");
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new NeedsTerraform(quoted.slice(0, 40));
  }
}
