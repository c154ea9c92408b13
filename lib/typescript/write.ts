import { Block, Driver } from "../jobspec";
import { definitionOf, isEmptyValue, isKnownDriver, unwrittenIn, type Field, type Unwritten } from "../jobspec/host";
import {
  comments,
  identifier,
  isNothing,
  joined,
  json,
  list,
  object,
  property,
  quoted,
  string,
  ts,
  type TypeScriptText,
} from "./code";
import { namedConstructor } from "./named";
import { unit, type Uses } from "./values";

/** What is written of a job besides its values. */
export interface Remarks {
  /** Comments that stand before a block. */
  comments(block: Block): readonly string[];
}

/** Writes a job as an expression. */
export class Writer implements Uses {
  readonly #used = new Set<string>();
  #unwritten: Unwritten = () => undefined;

  constructor(private readonly remarks: Remarks) {}

  /** The names that the written expressions need, in their order. */
  get used(): readonly string[] {
    return [...this.#used].sort();
  }

  use(name: string): TypeScriptText {
    this.#used.add(name);
    return identifier(name);
  }

  /** A block as an expression. */
  expression(block: Block): TypeScriptText {
    this.#unwritten = unwrittenIn(block);
    return this.block(block);
  }

  private block(block: Block): TypeScriptText {
    const named = namedConstructor(block);
    const props = this.props(block, named?.said ?? []);
    const type = this.use(block.constructor.name);
    if (!named || (named.rest === "none" && props.length > 0)) return ts`new ${type}(${this.allProps(block)})`;
    const given = (named.values ?? []).map((value) => this.value(value));
    const rest = props.length === 0 && named.rest !== "props" ? [] : [object(props)];
    return ts`${type}.${identifier(named.name)}(${joined([...given, ...rest], ts`, `)})`;
  }

  /** The one block of a property: its properties alone say what it is, but for a named constructor. */
  private nested(block: Block): TypeScriptText {
    return namedConstructor(block) ? this.block(block) : object(this.props(block, []));
  }

  private allProps(block: Block): TypeScriptText {
    const props = this.props(block, []);
    // A constructor whose properties may be left out counts no parameters.
    const needed = props.length > 0 || block.constructor.length > 0;
    return needed ? object(props) : ts``;
  }

  /** Properties, but for those that are said already and those whose value is the same as none. */
  private props(block: Block, said: readonly string[]): readonly TypeScriptText[] {
    const parts: TypeScriptText[] = [];
    for (const { name, field } of definitionOf(block).list) {
      const value = (block as unknown as Record<string, unknown>)[name];
      if (value === undefined || said.includes(name)) continue;
      if (!field.required && saysNothing(value, field, this.#unwritten(block, name))) continue;
      const written = property(name, value instanceof Block ? this.nested(value) : this.value(value));
      parts.push(value instanceof Block ? ts`${this.comments(value)}${written}` : written);
    }
    const rest = block.overridden();
    if (rest !== undefined) parts.push(property("overrides", json(rest)));
    return parts;
  }

  private value(value: unknown): TypeScriptText {
    if (value instanceof Block) return this.block(value);
    if (value instanceof Driver) return this.driver(value);
    if (Array.isArray(value)) return this.list(value);
    return unit(value, this) ?? (typeof value === "string" ? string(value) : json(value));
  }

  private list(items: readonly unknown[]): TypeScriptText {
    return list(
      items.map((item) => (item instanceof Block ? ts`${this.comments(item)}${this.value(item)}` : this.value(item))),
    );
  }

  private comments(block: Block): TypeScriptText {
    const lines = comments(this.remarks.comments(block));
    return isNothing(lines) ? lines : ts`\n${lines}`;
  }

  private driver(driver: Driver): TypeScriptText {
    const type = this.use("Driver");
    const typed = driver.typed();
    if (typed) {
      const rest = Object.keys(typed.rest);
      const options = this.plainProperties(typed.config);
      if (rest.length > 0) options.push(ts`${this.why(driver, rest)}${property("overrides", json(typed.rest))}`);
      return ts`${type}.${identifier(typed.constructorName)}(${object(options)})`;
    }
    const config = driver.toApi();
    if (config === undefined && isKnownDriver(driver.name)) return ts`${type}.withoutConfig(${quoted(driver.name)})`;
    const why = isKnownDriver(driver.name)
      ? ts`\n${comments([`The configuration lacks what ${driver.name} requires.`])}`
      : ts``;
    const given = [quoted(driver.name), ...(config === undefined ? [] : [json(config)])];
    return ts`${type}.custom(${why}${joined(given, ts`, `)})`;
  }

  /** Why options of a driver stand apart from its properties. */
  private why(driver: Driver, names: readonly string[]): TypeScriptText {
    const unknown = driver.unknownOptions();
    const reasons = names.flatMap((name) => {
      const found = unknown.filter(({ steps: [first] }) => first === name).map(({ message }) => message);
      return found.length > 0 ? found : [`takes "${name}" in a form that its property does not have`];
    });
    return ts`\n${comments(reasons.map((reason) => `${driver.name} ${reason}.`))}`;
  }

  /** The configuration of a driver, whose nested blocks are plain properties too. */
  private plain(value: unknown): TypeScriptText {
    if (Array.isArray(value)) return list(value.map((item) => this.plain(item)));
    return value instanceof Block ? object(this.plainProperties(value)) : this.value(value);
  }

  private plainProperties(block: Block): TypeScriptText[] {
    return definitionOf(block).list.flatMap(({ name }) => {
      const held = (block as unknown as Record<string, unknown>)[name];
      return held === undefined ? [] : [property(name, this.plain(held))];
    });
  }
}

/**
 * Whether a value is empty, and the same as none to Nomad. An empty map is what somebody wrote.
 *
 * @param unwritten what would count without it, as API JSON
 */
function saysNothing(value: unknown, field: Field, unwritten: unknown): boolean {
  if (!isEmptyValue(value) || field.kind.endsWith("-map")) return false;
  if (!field.options.nullable) return true;
  const filled = unwritten ?? (value === false ? false : undefined);
  if (filled === undefined) return false;
  const json: Record<string, unknown> = {};
  field.encode(value, json);
  return JSON.stringify(json[field.api[0] ?? ""]) === JSON.stringify(filled);
}
