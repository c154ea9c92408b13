import { TooMuch, type Effort } from "./effort";
import { evaluateTemplate, type TerraformValue, type Variables } from "./expression";
import type { VariableDeclaration } from "./variables";

/** A text of a job or a key that a sensitive variable reaches. */
export interface SensitiveText {
  /** The key that it stands under; for an element of a list that of the list. */
  readonly name: string;
  readonly text: string;
}

/** Follows the values of a stack's sensitive variables into what is made of them. */
export class SensitiveValues {
  readonly #found: SensitiveText[] = [];
  readonly #names: readonly string[];
  readonly #marked: Variables;

  constructor(
    declared: Readonly<Record<string, VariableDeclaration>>,
    values: Variables,
    private readonly effort: Effort,
  ) {
    this.#names = Object.keys(declared).filter((name) => declared[name]?.sensitive && values.has(name));
    const marked = this.#names.map((name) => [name, another(values.get(name) ?? null)] as const);
    this.#marked = new Map([...values, ...marked]);
    this.texts = this.#names.flatMap((name) => textsOf(values.get(name) ?? null));
  }

  /** The values, as texts; of a list its elements. */
  readonly texts: readonly string[];

  /** What the values reach, as far as it was followed. */
  get reached(): readonly SensitiveText[] {
    return this.#found;
  }

  /**
   * Finds what the values reach in something that is made of a template: whatever is another where they are others.
   *
   * @param made what the template gives
   * @param make makes the same of a text
   */
  follow<T>(template: string, made: T, make: (text: string) => T, name = ""): void {
    if (!this.#names.some((each) => template.includes(each))) return;
    try {
      compare(made, make(String(evaluateTemplate(template, this.#marked, this.effort))), name, this.#found);
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      // Another value would not have been taken here; then only the value itself is known, and what was made of it is not.
    }
  }
}

/** Another value of the same kind. */
function another(value: TerraformValue): TerraformValue {
  if (typeof value === "string") return `${value}0`;
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (value === null) return value;
  if (Array.isArray(value)) return (value as readonly TerraformValue[]).map(another);
  const entries = Object.entries(value as unknown as Readonly<Record<string, TerraformValue>>);
  return Object.fromEntries(entries.map(([key, item]) => [key, another(item)])) as unknown as TerraformValue;
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(textsOf);
  return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
}

/** Collects the leaves of one tree that are others in another. */
function compare(one: unknown, other: unknown, name: string, found: SensitiveText[]): void {
  if (typeof one !== "object" || one === null) {
    if (one !== other && one !== null && one !== undefined) found.push({ name, text: String(one as string | number) });
    return;
  }
  const others = (typeof other === "object" && other !== null ? other : {}) as Readonly<Record<string, unknown>>;
  for (const [key, item] of Object.entries(one)) compare(item, others[key], Array.isArray(one) ? name : key, found);
}
