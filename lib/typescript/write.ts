import { Block, Driver } from "../jobspec";
import { definitionOf, isEmptyValue, type Field } from "../jobspec/host";
import { namedConstructor } from "./named";
import { json, key, text, unit, type Uses } from "./values";

/** What is written of a job besides its values. */
export interface Remarks {
  /** Comments that stand before a block. */
  comments(block: Block): readonly string[];
}

/** Writes a job as an expression. */
export class Writer implements Uses {
  readonly #used = new Set<string>();

  constructor(private readonly remarks: Remarks) {}

  /** The names that the written expressions need, in their order. */
  get used(): readonly string[] {
    return [...this.#used].sort();
  }

  use(name: string): string {
    this.#used.add(name);
    return name;
  }

  /** A block as an expression. */
  expression(block: Block): string {
    return this.block(block);
  }

  private block(block: Block): string {
    const named = namedConstructor(block);
    const props = this.props(block, named?.said ?? []);
    const type = this.use(block.constructor.name);
    if (!named || (named.rest === "none" && props !== "")) return `new ${type}(${this.allProps(block)})`;
    const given = (named.values ?? []).map((value) => this.value(value));
    const rest = props === "" && named.rest !== "props" ? [] : [`{ ${props} }`];
    return `${type}.${named.name}(${[...given, ...rest].join(", ")})`;
  }

  /** The one block of a property: its properties alone say what it is, but for a named constructor. */
  private nested(block: Block): string {
    return namedConstructor(block) ? this.block(block) : `{ ${this.props(block, [])} }`;
  }

  private allProps(block: Block): string {
    const props = this.props(block, []);
    // A constructor whose properties may be left out counts no parameters.
    const needed = props !== "" || block.constructor.length > 0;
    return needed ? `{ ${props} }` : "";
  }

  /** Properties, but for those that are said already and those whose value is the same as none. */
  private props(block: Block, said: readonly string[]): string {
    const parts: string[] = [];
    for (const { name, field } of definitionOf(block).list) {
      const value = (block as unknown as Record<string, unknown>)[name];
      if (value === undefined || said.includes(name)) continue;
      if (!field.required && saysNothing(value, field)) continue;
      const comments = value instanceof Block ? this.comments(value) : "";
      parts.push(`${comments}${key(name)}: ${value instanceof Block ? this.nested(value) : this.value(value)}`);
    }
    const rest = block.overridden();
    if (rest !== undefined) parts.push(`overrides: ${json(rest)}`);
    return parts.join(", ");
  }

  private value(value: unknown): string {
    if (value instanceof Block) return this.block(value);
    if (value instanceof Driver) return this.driver(value);
    if (Array.isArray(value)) return this.list(value);
    return unit(value, this) ?? (typeof value === "string" ? text(value) : json(value));
  }

  private list(items: readonly unknown[]): string {
    const written = items.map((item) => (item instanceof Block ? this.comments(item) : "") + this.value(item));
    return `[${written.join(", ")}]`;
  }

  private comments(block: Block): string {
    const lines = this.remarks.comments(block).map((line) => `// ${line}`.trimEnd() + "\n");
    return lines.length === 0 ? "" : `\n${lines.join("")}`;
  }

  private driver(driver: Driver): string {
    const type = this.use("Driver");
    const typed = driver.typed();
    if (typed) return `${type}.${typed.constructorName}(${this.plain(typed.config)})`;
    const config = driver.toApi();
    return `${type}.custom(${JSON.stringify(driver.name)}${config === undefined ? "" : `, ${json(config)}`})`;
  }

  /** The configuration of a driver, whose nested blocks are plain properties too. */
  private plain(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.plain(item)).join(", ")}]`;
    if (!(value instanceof Block)) return this.value(value);
    const parts: string[] = [];
    for (const { name } of definitionOf(value).list) {
      const held = (value as unknown as Record<string, unknown>)[name];
      if (held !== undefined) parts.push(`${key(name)}: ${this.plain(held)}`);
    }
    return `{ ${parts.join(", ")} }`;
  }
}

/** Whether a value is empty, and Nomad takes that for none. An empty map is what somebody wrote. */
function saysNothing(value: unknown, { options, kind }: Field): boolean {
  if (!isEmptyValue(value) || kind.endsWith("-map")) return false;
  if (!options.nullable) return true;
  const filled = options.default ?? (value === false ? false : undefined);
  return filled !== undefined && JSON.stringify(value) === JSON.stringify(filled);
}
