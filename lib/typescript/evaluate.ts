import type { Expression, TemplatePart } from "../hcl-source";

/** A value of HCL as JSON. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Whether a value is JSON. */
export function isPlain(value: unknown): value is Plain {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return typeof value === "object" && Object.values(value).every(isPlain);
}

/** The values of variables and locals; undefined where one is not known. */
export interface Values {
  (name: string): Plain | undefined;
}

/** The name of a variable or a local that an expression is, such as `var.image`. */
export function variableNameOf(expression: Expression): string | undefined {
  if (expression.kind !== "reference" || expression.names.length !== 2) return undefined;
  const [root] = expression.names;
  return root === "var" || root === "local" ? expression.names.join(".") : undefined;
}

/** What Nomad fills in while a task runs, as it stands in the text of a template; undefined for anything else. */
export function keptReference(part: Exclude<TemplatePart, string>, text: string): string | undefined {
  const { of, range } = part;
  if (of.kind !== "reference" || ["var", "local"].includes(of.names[0] ?? "")) return undefined;
  const written = text.slice(range.start, range.end);
  // Nomad's parser takes some of what follows with it, but for this form.
  const follows = /^ *(.?)/s.exec(text.slice(range.end, range.end + 100))?.[1];
  return written === `\${${of.names.join(".")}}` && follows !== "}" ? written : undefined;
}

/** What an expression comes to; undefined where it is of a kind whose value only Nomad knows. */
export function evaluate(expression: Expression, text: string, values: Values): Plain | undefined {
  const inner = (each: Expression) => evaluate(each, text, values);
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "reference": {
      const name = variableNameOf(expression);
      return name === undefined ? undefined : values(name);
    }
    case "template": {
      const parts = expression.parts.map((part) => {
        if (typeof part === "string") return part;
        const value = keptReference(part, text) ?? inner(part.of);
        return isScalar(value) ? String(value) : undefined;
      });
      return parts.includes(undefined) ? undefined : parts.join("");
    }
    case "list": {
      const items = expression.items.map(({ value }) => inner(value));
      return items.includes(undefined) ? undefined : (items as readonly Plain[]);
    }
    case "conditional": {
      const condition = inner(expression.condition);
      return typeof condition === "boolean" ? inner(condition ? expression.yes : expression.no) : undefined;
    }
    case "binary":
      return compared(expression.sign, inner(expression.left), inner(expression.right));
    case "unary": {
      const of = inner(expression.of);
      return expression.sign === "!" && typeof of === "boolean" ? !of : undefined;
    }
    case "call": {
      const [separator, list] = expression.arguments.map(inner);
      const isJoin = expression.name === "join" && expression.arguments.length === 2;
      return isJoin && typeof separator === "string" && Array.isArray(list) ? list.join(separator) : undefined;
    }
    default:
      return undefined;
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function compared(sign: string, left: Plain | undefined, right: Plain | undefined): boolean | undefined {
  if (!isScalar(left) || typeof left !== typeof right) return undefined;
  if (sign === "==") return left === right;
  if (sign === "!=") return left !== right;
  if (typeof left !== "boolean") return undefined;
  return sign === "&&" ? left && right === true : sign === "||" ? left || right === true : undefined;
}
