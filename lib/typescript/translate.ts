import type { Expression } from "../hcl-source";
import { joined, json, list, string, template, ts, type TypeScriptText } from "./code";
import type { Type } from "./declarations";
import { keptReference, variableNameOf } from "./evaluate";

/** An expression in TypeScript, with its type. */
export interface Translated {
  readonly text: TypeScriptText;
  readonly type: Type;
}

/** What a variable or a local is in TypeScript: a name, or its value; undefined where it cannot be written. */
export interface Names {
  (name: string): Translated | undefined;
}

/** An expression in TypeScript that comes to the same for all values; undefined where none is known. */
export function translate(expression: Expression, source: string, names: Names): Translated | undefined {
  const inner = (each: Expression) => translate(each, source, names);
  switch (expression.kind) {
    case "literal":
      return literal(expression.value);
    case "reference": {
      const name = variableNameOf(expression);
      return name === undefined ? undefined : names(name);
    }
    case "template": {
      const parts = expression.parts.map((part) => {
        if (typeof part === "string") return part;
        const kept = keptReference(part, source);
        if (kept !== undefined) return kept;
        const translated = inner(part.of);
        return translated && SCALARS.has(translated.type) ? translated.text : undefined;
      });
      return parts.includes(undefined)
        ? undefined
        : { text: template(parts as readonly (string | TypeScriptText)[]), type: "string" };
    }
    case "list": {
      const items = expression.items.map(({ value }) => inner(value));
      if (items.length === 0 || !items.every((item) => item?.type === "string")) return undefined;
      return { text: list(items.map((item) => item?.text ?? ts``)), type: "strings" };
    }
    case "conditional": {
      const [condition, yes, no] = [inner(expression.condition), inner(expression.yes), inner(expression.no)];
      if (condition?.type !== "boolean" || !yes || yes.type !== no?.type) return undefined;
      return { text: ts`(${condition.text} ? ${yes.text} : ${no.text})`, type: yes.type };
    }
    case "binary":
      return compared(expression.sign, inner(expression.left), inner(expression.right));
    case "unary": {
      const of = inner(expression.of);
      return expression.sign === "!" && of?.type === "boolean" ? { text: ts`!${of.text}`, type: "boolean" } : undefined;
    }
    case "call": {
      if (expression.name !== "join" || expression.arguments.length !== 2) return undefined;
      const [separator, of] = expression.arguments.map(inner);
      return separator?.type === "string" && of?.type === "strings"
        ? { text: ts`${of.text}.join(${separator.text})`, type: "string" }
        : undefined;
    }
    default:
      return undefined;
  }
}

const SCALARS: ReadonlySet<Type> = new Set(["string", "number", "boolean"]);

function literal(value: string | number | boolean | null): Translated | undefined {
  if (value === null) return undefined;
  if (typeof value === "string") return { text: string(value), type: "string" };
  return { text: json(value), type: typeof value as "number" | "boolean" };
}

const SIGNS: ReadonlyMap<string, TypeScriptText> = new Map([
  ["==", ts`===`],
  ["!=", ts`!==`],
  ["&&", ts`&&`],
  ["||", ts`||`],
]);

function compared(sign: string, left: Translated | undefined, right: Translated | undefined): Translated | undefined {
  const written = SIGNS.get(sign);
  if (!written || !left || !SCALARS.has(left.type) || left.type !== right?.type) return undefined;
  if ((sign === "&&" || sign === "||") && left.type !== "boolean") return undefined;
  return { text: ts`(${joined([left.text, written, right.text], ts` `)})`, type: "boolean" };
}
