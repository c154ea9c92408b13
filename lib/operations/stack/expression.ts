import { UserError } from "../../jobspec";

/** Values of Terraform. */
export type TerraformValue = string | number | boolean | null | readonly TerraformValue[];

/** Values of variables by name. */
export type Variables = ReadonlyMap<string, TerraformValue>;

/** An expression that only Terraform itself can evaluate. */
export class NeedsTerraform extends Error {}

/**
 * Evaluates a template of Terraform as far as the texts of this library use it: escapes, variables, `jsonencode` and a few functions.
 *
 * @throws NeedsTerraform for whatever else there is, such as the attribute of another resource
 */
export function evaluateTemplate(text: string, variables: Variables): TerraformValue {
  const parts: TerraformValue[] = [];
  let literal = "";
  for (let at = 0; at < text.length;) {
    const two = text.slice(at, at + 2);
    if ((two === "$$" || two === "%%") && text[at + 2] === "{") {
      literal += `${text[at]}{`;
      at += 3;
    } else if (two === "${") {
      if (literal) parts.push(literal);
      literal = "";
      const parser = new Parser(text, at + 2, variables);
      parts.push(parser.expression());
      at = parser.expect("}");
    } else if (two === "%{") {
      throw new NeedsTerraform("a template directive");
    } else {
      literal += text[at];
      at += 1;
    }
  }
  if (literal || parts.length === 0) parts.push(literal);
  return parts.length === 1 ? (parts[0] as TerraformValue) : parts.map(asText).join("");
}

function asText(value: TerraformValue): string {
  if (typeof value === "object") throw new NeedsTerraform("a list or an object inside a text");
  return String(value as string | number | boolean);
}

type Function = (args: readonly TerraformValue[]) => TerraformValue;

const FUNCTIONS: Readonly<Record<string, Function>> = {
  jsonencode: ([value]) => JSON.stringify(value),
  trimprefix: ([value, prefix]) =>
    asText(value ?? null).startsWith(asText(prefix ?? null))
      ? asText(value ?? null).slice(asText(prefix ?? null).length)
      : (value ?? null),
  trimsuffix: ([value, suffix]) =>
    asText(value ?? null).endsWith(asText(suffix ?? null))
      ? asText(value ?? null).slice(0, -asText(suffix ?? null).length)
      : (value ?? null),
  upper: ([value]) => asText(value ?? null).toUpperCase(),
  lower: ([value]) => asText(value ?? null).toLowerCase(),
  contains: ([list, value]) => Array.isArray(list) && list.includes(value as TerraformValue),
  length: ([value]) => (Array.isArray(value) ? value.length : [...asText(value ?? null)].length),
  regex: ([pattern, value]) => {
    const match = new RegExp(asText(pattern ?? null), "u").exec(asText(value ?? null));
    if (!match) throw new NoMatch();
    return match[0];
  },
};

class NoMatch extends Error {}

class Parser {
  constructor(
    private readonly text: string,
    private at: number,
    private readonly variables: Variables,
  ) {}

  expression(): TerraformValue {
    this.space();
    const char = this.text[this.at];
    if (char === '"') return this.string();
    if (char === "[") return this.list("[", "]");
    const number = /^-?\d+(?:\.\d+)?/.exec(this.text.slice(this.at, this.at + 40))?.[0];
    if (number) {
      this.at += number.length;
      return Number(number);
    }
    const name = /^[A-Za-z_][\w.-]*/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (!name) throw new NeedsTerraform(this.text.slice(this.at, this.at + 40));
    this.at += name.length;
    if (this.text[this.at] === "(") return this.call(name);
    if (name === "true" || name === "false") return name === "true";
    return this.variable(name);
  }

  /** Steps over what must stand here. */
  expect(char: string): number {
    this.space();
    if (this.text[this.at] !== char) throw new NeedsTerraform(this.text.slice(this.at, this.at + 40));
    this.at += 1;
    return this.at;
  }

  private variable(name: string): TerraformValue {
    const value = name.startsWith("var.") ? this.variables.get(name.slice(4)) : undefined;
    if (value === undefined) throw new NeedsTerraform(name);
    return value;
  }

  private call(name: string): TerraformValue {
    if (name === "can") return this.can();
    const make = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!make) throw new NeedsTerraform(`${name}()`);
    return make(this.list("(", ")"));
  }

  /** Whether the expression inside has a value. */
  private can(): boolean {
    const start = this.at;
    try {
      this.list("(", ")");
      return true;
    } catch (error) {
      if (!(error instanceof NoMatch)) throw error;
      this.at = closing(this.text, start);
      return false;
    }
  }

  private list(open: string, close: string): TerraformValue[] {
    this.expect(open);
    const items: TerraformValue[] = [];
    this.space();
    while (this.text[this.at] !== close) {
      items.push(this.expression());
      this.space();
      if (this.text[this.at] === ",") this.at += 1;
      this.space();
    }
    this.at += 1;
    return items;
  }

  private string(): string {
    const end = endOfString(this.text, this.at);
    const text = JSON.parse(this.text.slice(this.at, end)) as string;
    if (/[$%]\{/.test(text)) throw new NeedsTerraform("a template inside an expression");
    this.at = end;
    return text;
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** The place behind the parenthesis that closes the one at `start`. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length;) {
    if (text[at] === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  throw UserError.at("", "a parenthesis is not closed");
}
