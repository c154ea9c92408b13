import { Block, Driver, Duration, Job } from "../jobspec";
import {
  definitionOf,
  type Field,
  isEmptyValue,
  isKnownDriver,
  nameInHcl,
  type Unwritten,
  unwrittenIn,
} from "../jobspec/host";
import type { SourceBlock } from "../hcl-source";
import {
  commented,
  identifier,
  joined,
  json,
  lineComments,
  list,
  object,
  property,
  quoted,
  string,
  ts,
  type TypeScriptText,
} from "./code";
import { namedConstructor, type Named } from "./named";
import type { Parameters } from "./parameters";
import { entryOf, foundIn, insideOf, itemOf, ofBlocks, type Found, type Origin } from "./origin";
import type { Remarks } from "./remarks";
import { unit, type Uses } from "./values";

/** Of so many options of a driver it is said why they stand apart; whoever reads more than that learns nothing, and what lays comments out takes the square of their number. */
const REASONS = 20;

/** A block that is written, and the comments of it that found no place inside of it. */
interface WrittenBlock {
  readonly expression: TypeScriptText;
  readonly left: readonly string[];
}

/** Writes a job as an expression. */
export class Writer implements Uses {
  readonly #used = new Set<string>();
  #unwritten: Unwritten = () => undefined;

  /**
   * @param text the text of HCL that the job was read from
   * @param remarks the comments in it, and the places of the job's blocks
   */
  constructor(
    private readonly text = "",
    private readonly remarks?: Remarks,
    private readonly parameters?: Parameters,
  ) {}

  /** The names that the written expressions need, in their order. */
  get used(): readonly string[] {
    return [...this.#used].sort();
  }

  use(name: string): TypeScriptText {
    this.#used.add(name);
    return identifier(name);
  }

  /** A block as an expression, and the comments that found no place inside of it. */
  expression(block: Block): WrittenBlock {
    this.#unwritten = unwrittenIn(block);
    return this.block(block);
  }

  private block(block: Block): WrittenBlock {
    const named = this.named(block);
    const type = this.use(block.constructor.name);
    if (!named || (named.rest === "none" && this.hasProps(block, named.covered))) {
      // A constructor whose properties may be left out counts no parameters.
      if (!this.hasProps(block, []) && block.constructor.length === 0)
        return { expression: ts`new ${type}()`, left: this.left(block) };
      return { expression: ts`new ${type}(${this.object(block, [])})`, left: [] };
    }
    const given = (named.values ?? []).map((value, index) => {
      const name = named.properties?.[index];
      return this.value(value, name === undefined ? undefined : this.foundFor(block, name)?.origin);
    });
    const hasObject = this.hasProps(block, named.covered) || named.rest === "props";
    const rest = hasObject ? [this.object(block, named.covered)] : [];
    const expression = ts`${type}.${identifier(named.name)}(${joined([...given, ...rest], ts`, `)})`;
    return { expression, left: this.left(block) };
  }

  /** The named constructor of a block, which must not hide what is written with a variable. */
  private named(block: Block): Named | undefined {
    const named = namedConstructor(block);
    const hidden = named?.covered.filter((name) => !named.properties?.includes(name)) ?? [];
    const isHidden = hidden.some((name) => this.parameters?.dependsOn(this.foundFor(block, name)?.origin));
    return isHidden ? undefined : named;
  }

  /** What a property of a block was written as. */
  private foundFor(block: Block, name: string): Found | undefined {
    const of = definitionOf(block).byName.get(name);
    return of && foundIn(this.text, this.remarks?.of(block), nameInHcl(name, of.field));
  }

  /** The properties of a block, and at their end the comments in it that belong to none of them. */
  private object(block: Block, covered: readonly string[]): TypeScriptText {
    const props = this.props(block, covered);
    return object(props, this.left(block));
  }

  /** The one block of a property: its properties alone say what it is, but for a named constructor. */
  private nested(block: Block): WrittenBlock {
    if (this.named(block)) return this.block(block);
    return { expression: this.object(block, []), left: [] };
  }

  /** Comments inside of a block that belong to nothing that is written. */
  private left(block: Block): readonly string[] {
    const source = this.remarks?.of(block);
    return source ? this.leftIn(source) : [];
  }

  private leftIn(source: SourceBlock): readonly string[] {
    // What stands behind it on its line is for whoever writes it.
    const behind = new Set(source.after.map(({ start }) => start));
    const inside = this.remarks?.commentsIn(source).filter(({ start }) => !behind.has(start));
    return this.remarks?.take(inside ?? []) ?? [];
  }

  /** Properties, but for those that are said already and those whose value is the same as none. */
  private props(block: Block, covered: readonly string[]): readonly TypeScriptText[] {
    const source = this.remarks?.of(block);
    const parts = this.fields(block, covered).map(({ name, field, value }) =>
      this.property(name, field, value, source),
    );
    const rest = block.overridden();
    return rest === undefined ? parts : [...parts, property("overrides", json(rest))];
  }

  private hasProps(block: Block, covered: readonly string[]): boolean {
    return this.fields(block, covered).length > 0 || block.overridden() !== undefined;
  }

  private fields(block: Block, covered: readonly string[]) {
    return definitionOf(block).list.flatMap(({ name, field }) => {
      const held = (block as unknown as Record<string, unknown>)[name];
      const value = held ?? (field.required ? NOTHING[field.kind] : undefined);
      if (value === undefined || covered.includes(name)) return [];
      return field.required || !this.saysNothing(block, name, field) ? [{ name, field, value }] : [];
    });
  }

  private property(name: string, field: Field, value: unknown, source: SourceBlock | undefined): TypeScriptText {
    if (value instanceof Driver) return this.driverProperty(name, value, source);
    if (value instanceof Block) {
      const { expression, left } = this.nested(value);
      return this.aroundBlock(value, property(name, expression), left);
    }
    if (Array.isArray(value) && value.some((item) => item instanceof Block)) return property(name, this.blocks(value));
    const found = foundIn(this.text, source, nameInHcl(name, field));
    const expression = this.value(value, found?.origin);
    // A value that the type does not have, and that a server judges.
    const isOther =
      typeof value === "string" &&
      field.values !== undefined &&
      (!field.values.includes(value) || (this.parameters?.dependsOn(found?.origin) ?? false));
    const written = property(name, isOther ? ts`${expression} as never` : expression);
    return found ? this.around(found, written, value) : written;
  }

  /** An element with the comments of what it was read from. */
  private around(found: Found, written: TypeScriptText, value?: unknown): TypeScriptText {
    const { remarks } = this;
    if (!remarks) return written;
    const before = remarks.take(found.before);
    const inside = found.ranges.flatMap((range) => remarks.takeIn(range));
    const lost = this.parameters?.lost(found.origin, value);
    const notes = lost === undefined ? [] : [`The value of: ${lost}`];
    return commented(written, [...before, ...inside, ...notes], remarks.take(found.after));
  }

  private aroundBlock(block: Block, written: TypeScriptText, left: readonly string[]): TypeScriptText {
    const source = this.remarks?.of(block);
    if (!source || !this.remarks) return written;
    return commented(written, [...this.remarks.take(source.before), ...left], this.remarks.take(source.after));
  }

  private blocks(items: readonly unknown[]): TypeScriptText {
    return list(
      items.map((item) => {
        if (!(item instanceof Block)) return this.value(item, undefined);
        const { expression, left } = this.block(underItsKey(item));
        return this.aroundBlock(item, expression, left);
      }),
    );
  }

  /** A value, with the comments of what it was read from. */
  private value(value: unknown, origin: Origin | undefined): TypeScriptText {
    if (value instanceof Block) return this.block(value).expression;
    if (value instanceof Driver) return this.driver(value, origin);
    const withVariables = this.parameters?.written(origin, value, this);
    if (withVariables) return withVariables;
    if (Array.isArray(value)) return this.list(value, origin);
    const ofUnit = unit(value, this);
    if (ofUnit) return ofUnit;
    if (typeof value === "string") return string(value);
    return typeof value === "object" && value !== null ? this.map(value, origin) : json(value);
  }

  private list(items: readonly unknown[], origin: Origin | undefined): TypeScriptText {
    const written = items.map((item, index) => {
      const found = itemOf(origin, index, items.length);
      const inner = this.value(item, found?.origin);
      return found ? this.around(found, inner, item) : inner;
    });
    return list(written, this.remarks?.take(insideOf(origin)));
  }

  private map(map: object, origin: Origin | undefined): TypeScriptText {
    const entries = Object.entries(map).flatMap(([key, item]: [string, unknown]) => {
      if (item === undefined) return [];
      const found = entryOf(this.text, origin, key);
      const written = property(key, this.value(item, found?.origin));
      return [found ? this.around(found, written, item) : written];
    });
    return object(entries, this.atEnd(origin));
  }

  /** Comments at the end of what a value was read from. */
  private atEnd(origin: Origin | undefined): readonly string[] {
    if (origin?.kind !== "blocks") return this.remarks?.take(insideOf(origin)) ?? [];
    return origin.blocks.flatMap((block) => this.leftIn(block));
  }

  private driverProperty(name: string, driver: Driver, source: SourceBlock | undefined): TypeScriptText {
    const config = source?.children.filter((child) => child.name === "config") ?? [];
    const written = property(name, this.driver(driver, config.length === 1 ? ofBlocks(config).origin : undefined));
    const found = foundIn(this.text, source, "driver");
    if (!found && config.length === 0) return written;
    const before = [...(found?.before ?? []), ...config.flatMap((block) => block.before)];
    const after = [...(found?.after ?? []), ...config.flatMap((block) => block.after)];
    return this.around({ origin: undefined, before, after, ranges: [...(found?.ranges ?? []), ...config] }, written);
  }

  private driver(driver: Driver, origin: Origin | undefined): TypeScriptText {
    const type = this.use("Driver");
    const typed = driver.typed();
    if (typed) {
      const rest = Object.keys(typed.rest);
      const options = this.options(typed.config, origin);
      if (rest.length > 0)
        options.push(ts`${this.why(driver, rest)}${property("overrides", this.map(typed.rest, origin))}`);
      return ts`${type}.${identifier(typed.constructorName)}(${object(options, this.atEnd(origin))})`;
    }
    const config = driver.toApi();
    if (config === undefined && isKnownDriver(driver.name)) return ts`${type}.withoutConfig(${quoted(driver.name)})`;
    const why = isKnownDriver(driver.name)
      ? lineComments([`The configuration lacks what ${driver.name} requires.`])
      : ts``;
    const given = [quoted(driver.name), ...(config === undefined ? [] : [this.map(config, origin)])];
    return ts`${type}.custom(${why}${joined(given, ts`, `)})`;
  }

  /** Why options of a driver stand apart from its properties. */
  private why(driver: Driver, names: readonly string[]): TypeScriptText {
    const unknown = new Map<string, string[]>();
    for (const { steps, message } of driver.unknownOptions()) {
      const [first = ""] = steps;
      unknown.set(first, [...(unknown.get(first) ?? []), message]);
    }
    const reasons = names.flatMap(
      (name) => unknown.get(name) ?? [`takes "${name}" in a form that its property does not have`],
    );
    const notes = reasons.slice(0, REASONS).map((reason) => `${driver.name} ${reason}.`);
    const more = reasons.length - notes.length;
    return lineComments(more > 0 ? [...notes, `And ${more} more of the options below.`] : notes);
  }

  /** The options of a driver as properties, whose nested blocks are plain properties too. */
  private options(config: Block, origin: Origin | undefined): TypeScriptText[] {
    return definitionOf(config).list.flatMap(({ name, field }) => {
      const held = (config as unknown as Record<string, unknown>)[name];
      if (held === undefined) return [];
      const found = entryOf(this.text, origin, field.api[0] ?? name);
      const written = property(name, this.option(held, found?.origin));
      return [found ? this.around(found, written, held) : written];
    });
  }

  private option(value: unknown, origin: Origin | undefined): TypeScriptText {
    if (value instanceof Block) return object(this.options(value, origin), this.atEnd(origin));
    if (!Array.isArray(value) || !value.some((item) => item instanceof Block)) return this.value(value, origin);
    return list(
      value.map((item, index) => {
        const found = itemOf(origin, index, value.length);
        const written = this.option(item, found?.origin);
        return found ? this.around(found, written) : written;
      }),
      this.remarks?.take(insideOf(origin)),
    );
  }

  /** Whether the job is the same without a property, and nobody wrote it. */
  private saysNothing(block: Block, name: string, field: Field): boolean {
    const value = (block as unknown as Record<string, unknown>)[name];
    if (this.parameters?.dependsOn(this.foundFor(block, name)?.origin)) return false;
    const unwritten = this.#unwritten(block, name);
    if (isNone(value, field, unwritten) || isId(block, name, value)) return true;
    if (unwritten === undefined || value instanceof Block) return false;
    return !this.isWritten(block, nameInHcl(name, field)) && isSame(value, field, unwritten);
  }

  private isWritten(block: Block, name: string): boolean {
    return this.remarks?.of(block)?.attributes.has(name) ?? false;
  }
}

/** A block of a map under the name by which the job speaks of it: its key, where JSON has another name for it, or none. */
function underItsKey(block: Block): Block {
  const { mapKey, blockKey } = block;
  const { key, byName } = definitionOf(block);
  const of = key === undefined ? undefined : byName.get(key);
  if (key === undefined || !of || mapKey === "" || mapKey === blockKey) return block;
  const named = blockKey === undefined ? {} : { [of.api]: blockKey };
  const rest = { ...block.overridden(), ...named };
  const { with: changed } = block as Block & { readonly with: (this: Block, changes: object) => Block };
  return changed.call(block, { [key]: mapKey, ...(Object.keys(rest).length > 0 ? { overrides: rest } : {}) });
}

/** What stands for a value that the class requires and a server takes as left out: the empty one of its kind. */
const NOTHING: Readonly<Partial<Record<Field["kind"], unknown>>> = {
  string: "",
  int: 0,
  blocks: [],
  "block-map": [],
  bool: false,
  duration: Duration.zero,
  special: Driver.custom(""),
};

/** Whether a name is that of the file, which a job has without it. */
function isId(block: Block, name: string, value: unknown): boolean {
  return block instanceof Job && name === "name" && value !== "" && value === block.id;
}

/**
 * Whether a value is empty, and the same as none to Nomad. An empty map is what somebody wrote.
 *
 * @param unwritten what would count without it, as API JSON
 */
function isNone(value: unknown, field: Field, unwritten: unknown): boolean {
  if (!isEmptyValue(value) || field.kind.endsWith("-map")) return false;
  if (!field.options.nullable) return true;
  const filled = unwritten ?? (value === false ? false : undefined);
  return filled !== undefined && isSame(value, field, filled);
}

function isSame(value: unknown, field: Field, unwritten: unknown): boolean {
  const out: Record<string, unknown> = {};
  field.encode(value, out);
  return JSON.stringify(out[field.api[0] ?? ""]) === JSON.stringify(unwritten);
}
