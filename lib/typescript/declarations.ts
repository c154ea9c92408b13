import { readExpression, type Expression, type Source, type SourceBlock } from "../hcl-source";
import { isPlain, type Plain } from "./evaluate";

/** The types of variables that a function can take, as TypeScript writes them. */
export type Type = "string" | "number" | "boolean" | "strings" | "numbers" | "map";

/** A variable or a local of a text of HCL. */
export interface Declared {
  /** `var.image` or `local.name`. */
  readonly name: string;
  /** Its value: what was given, else its default. Undefined where nobody knows it yet. */
  readonly value: Plain | undefined;
  /** Its type; undefined where a function takes none like it. Of a local it is that of its expression. */
  readonly type: Type | undefined;
  /** What a local is made of. */
  readonly expression?: Expression;
  readonly description?: string;
  /** The block in which it is declared. */
  readonly block: SourceBlock;
}

/**
 * The variables and locals of a text of HCL by their names.
 *
 * @param given values of variables by their names, where others than the defaults were given
 */
export function declaredIn(
  source: Source,
  given: Readonly<Record<string, unknown>> = {},
): ReadonlyMap<string, Declared> {
  const found = new Map<string, Declared>();
  const add = (declared: Declared) => found.set(declared.name, declared);
  for (const block of source.blocks) {
    const expressionOf = (name: string) => {
      const attribute = block.attributes.get(name);
      return attribute && readExpression(source.text, attribute.value);
    };
    if (block.name === "variable") {
      const name = block.labels[0] ?? "";
      const own = Object.hasOwn(given, name) ? given[name] : undefined;
      add(
        variable(name, {
          block,
          given: own,
          byDefault: expressionOf("default"),
          type: expressionOf("type"),
          description: expressionOf("description"),
        }),
      );
    } else if (block.name === "variables")
      for (const name of block.attributes.keys()) {
        const own = Object.hasOwn(given, name) ? given[name] : undefined;
        add(variable(name, { block, given: own, byDefault: expressionOf(name) }));
      }
    else if (block.name === "locals")
      for (const name of block.attributes.keys())
        add({ name: `local.${name}`, value: undefined, type: undefined, expression: expressionOf(name), block });
  }
  return found;
}

interface Written {
  readonly block: SourceBlock;
  readonly given: unknown;
  readonly byDefault: Expression | undefined;
  readonly type?: Expression | undefined;
  readonly description?: Expression | undefined;
}

function variable(name: string, { block, given, byDefault, type: declared, description }: Written): Declared {
  const own = given !== undefined && isPlain(given) ? given : byDefault && plainOf(byDefault);
  // Without a type and a default, Nomad takes what is given for a text.
  const type = declared ? typeNamed(declared) : own === undefined ? "string" : typeOf(own);
  const value = own === undefined || type === undefined ? own : converted(own, type);
  return {
    name: `var.${name}`,
    value: value ?? undefined,
    // Null is no value of any of these types.
    type: own === null ? undefined : type,
    block,
    ...(description?.kind === "literal" && typeof description.value === "string"
      ? { description: description.value }
      : {}),
  };
}

/** What an expression says that names nothing. */
function plainOf(expression: Expression): Plain | undefined {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind === "unary" && expression.sign === "-" && expression.of.kind === "literal")
    return typeof expression.of.value === "number" ? -expression.of.value : undefined;
  if (expression.kind === "list") {
    const items = expression.items.map(({ value }) => plainOf(value));
    return items.includes(undefined) ? undefined : (items as readonly Plain[]);
  }
  if (expression.kind !== "object") return undefined;
  const entries = expression.items.map(({ key, value }) => [key, plainOf(value)] as const);
  return entries.some(([, value]) => value === undefined)
    ? undefined
    : (Object.fromEntries(entries) as Readonly<Record<string, Plain>>);
}

const TYPES: ReadonlyMap<string, Type> = new Map([
  ["string", "string"],
  ["number", "number"],
  ["bool", "boolean"],
  ["list(string)", "strings"],
  ["list(number)", "numbers"],
  ["map(string)", "map"],
]);

function typeNamed(declared: Expression): Type | undefined {
  // In old files types stand in quotes.
  if (declared.kind === "literal") return TYPES.get(String(declared.value));
  if (declared.kind === "reference") return TYPES.get(declared.names.join("."));
  if (declared.kind !== "call") return undefined;
  const [of] = declared.arguments;
  return of?.kind === "reference" ? TYPES.get(`${declared.name}(${of.names.join(".")})`) : undefined;
}

/** The type of a value. */
export function typeOf(value: Plain): Type | undefined {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return typeof value as "string" | "number" | "boolean";
  if (value === null) return undefined;
  const kinds = new Set((Array.isArray(value) ? value : Object.values(value)).map((item: Plain) => typeof item));
  if (kinds.size !== 1) return undefined;
  if (kinds.has("string")) return Array.isArray(value) ? "strings" : "map";
  return kinds.has("number") && Array.isArray(value) ? "numbers" : undefined;
}

/** A default as its type has it: Nomad makes a text of a number and the other way round. */
function converted(value: Plain, type: Type): Plain | undefined {
  if (typeOf(value) === type) return value;
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  if (type === "number" && typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value)) return Number(value);
  if (type === "boolean" && (value === "true" || value === "false")) return value === "true";
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty && ["strings", "numbers", "map"].includes(type) ? value : undefined;
}
