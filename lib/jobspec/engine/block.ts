import type { WithFields } from "./api-of";
import { checkUnread, checkValue, encodeValue, type CompiledField } from "./compiled-field";
import { defined, type BlockDefinition, type BlockInfo } from "./definition";
import { describe, isKeyed } from "./describe";
import type { ApiObject, CheckContext, Field, Fields, InputsOf, OutputsOf } from "./field";
import { frozen } from "./frozen";
import { plain } from "./maps";
import { nearestOf } from "./nearest";
import type { Place } from "./place";
import { classWithPrivateFields } from "./private-fields";
import { resolved, type ResolvedOf } from "./resolved";
import { UserError, type Path, type PathStep } from "../../errors";

/** What every block takes beside its own properties. */
export interface BlockOptions {
  /**
   * Raw API JSON merged over what this block renders, for a field that Nomad adds tomorrow. A key given
   * here replaces the rendered one whole; `null` removes it.
   *
   * @default - nothing
   */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/** Properties of a block as its constructor takes them. */
export type PropsOf<F extends Fields> = InputsOf<F> & BlockOptions;

const DEFINITION = Symbol("definition");
const VALUES = Symbol("values");
const REST = Symbol("rest");
const WAS_READ = Symbol("was read");
/** The property under which a constructor is given values that were read, in the place of properties. */
const READ = Symbol("read");
/** How Node's `util.inspect` asks a value for what to show of it. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What is known of a block beside the values of its properties; most have nothing of it. */
export interface Rest {
  /** Names that were given and are no properties. */
  readonly unknown?: readonly string[];
  /** Why what was given holds no properties. */
  readonly mistaken?: string;
  readonly overrides?: Readonly<ApiObject>;
  /** API values that have no property: what only a server sets, and what no release here knows yet. */
  readonly carried?: Readonly<ApiObject>;
  /** Fields, by their index, of which what was carried is of another kind than theirs: who knows them refuses it, and a Nomad that came before them ignores it. */
  readonly unread?: readonly number[];
  /** The key under which it stood in a map. */
  readonly mapKey?: string;
}

/** What a block is made of that was read: values that are of their kinds, each at the index of its field. */
interface ReadProps {
  readonly [READ]: { readonly values: readonly unknown[]; readonly rest: Rest | undefined };
}

/** @internal Properties for the constructor of a block whose values were read, and nothing of them is to be looked at again. */
export function readProps(values: readonly unknown[], rest: Rest | undefined): ReadProps {
  return { [READ]: { values, rest } };
}

/**
 * A block of a Nomad job: a value. What comes in is copied, and nothing of it ever changes; the `with…()` methods give back
 * another block, which shares with this one all that did not change. So rendering is a function of what was written, however often asked.
 *
 * What a class of a program's own keeps beside its properties, it keeps in ordinary ones (`private` of TypeScript): a changed copy is made without its
 * constructor, and has no field that is named with `#`.
 */
export abstract class Block {
  /** @internal */ declare readonly [DEFINITION]: BlockDefinition;
  // Under symbols and not private, so that a copy can be made without running the constructors of subclasses.
  /** @internal What was set, each at the index of its field. */
  declare readonly [VALUES]: readonly unknown[];
  /** @internal */ declare readonly [REST]: Rest | undefined;
  /** @internal Whether it was read from JSON: every value is of its kind. */
  declare readonly [WAS_READ]: boolean;

  protected constructor(props: object) {
    const read = (props as Partial<ReadProps> | undefined | null)?.[READ];
    if (typeof read === "object") write(this, read.values, read.rest, true);
    else {
      const { values, rest } = given(this[DEFINITION], props);
      write(this, values, rest, false);
    }
  }

  /** The block as API JSON: only what was set, plain data, equal however often it is asked for. */
  toApi(): ApiObject {
    const rest = this[REST];
    const out: ApiObject = {};
    if (rest?.carried) merge(out, rest.carried);
    const { list } = this[DEFINITION];
    const values = this[VALUES];
    const wasRead = this[WAS_READ];
    for (let index = 0; index < values.length; index += 1)
      if (values[index] !== undefined) encodeAt(list[index] as CompiledField, values[index], wasRead, out);
    if (rest?.overrides) merge(out, rest.overrides);
    return out;
  }

  /** As JSON it is what Nomad's API takes. */
  toJSON(): unknown {
    return this.toApi();
  }

  /**
   * @internal A block that is written into a text, as in `${service}`, would stand there as "[object Object]".
   * @throws UserError always
   */
  [Symbol.toPrimitive](): never {
    const { blockKey } = this;
    const message = `is a block and no text; write one of its properties${blockKey === undefined ? "" : ", such as its name"}`;
    throw UserError.at(placeOf(this), message, "model/text");
  }

  /** @internal Reports what is wrong with this block by itself and with the blocks inside it. */
  checkBlock(at: Place, context: CheckContext): void {
    const { list, required, hcl } = this[DEFINITION];
    const rest = this[REST];
    if (rest?.mistaken !== undefined) {
      at.error("field/type", rest.mistaken);
      return;
    }
    const values = this[VALUES];
    const wasRead = this[WAS_READ];
    for (let index = 0; index < values.length; index += 1)
      if (values[index] !== undefined)
        checkValue(list[index] as CompiledField, values[index], wasRead, hcl, at, context);
    for (const index of rest?.unread ?? [])
      if (values[index] === undefined) checkUnread(list[index] as CompiledField, rest?.carried ?? {}, hcl, at, context);
    for (const { name, field, index, api } of required) {
      if (values[index] !== undefined || rest?.carried?.[api] !== undefined || field.options.judgedByRule) continue;
      const message = `${hcl} needs "${name}"; write one`;
      at.property(name).report(
        field.options.lenient
          ? { rule: "field/senseless", message, severity: "warning" }
          : { rule: "field/required", message },
      );
    }
    for (const name of rest?.unknown ?? []) at.property(name).error("field/unknown", unknownProperty(name, hcl, list));
  }

  /** @internal The key under which an import found it in a map, where that is not its name. */
  get mapKey(): string {
    return this[REST]?.mapKey ?? this.blockKey ?? "";
  }

  /** What names this block among its siblings, or nothing. */
  get blockKey(): string | undefined {
    const { key } = this[DEFINITION];
    const value = key === undefined ? undefined : this.read(key);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  /** The same block with some of its properties written anew; `undefined` takes one away. */
  protected copyWith(changes: object): this {
    const { byName, key } = this[DEFINITION];
    const values: unknown[] = [...this[VALUES]];
    let rest = this[REST];
    for (const [name, value] of Object.entries(changes) as [string, unknown][]) {
      const field = byName.get(name);
      if (field) {
        while (values.length < field.index) values.push(undefined);
        values[field.index] = storedValue(field, value);
        // Under its old key it would keep its old name.
        if (name === key && rest?.mapKey !== undefined) rest = { ...rest, mapKey: undefined };
      } else if (name === "overrides") rest = { ...rest, overrides: frozen(value) as ApiObject | undefined };
      else rest = { ...rest, unknown: [...(rest?.unknown ?? []), name] };
    }
    while (values.length > 0 && values[values.length - 1] === undefined) values.pop();
    return copyOf(this, values, rest);
  }

  /**
   * The same block with one more element in a list, or with one of its blocks changed.
   *
   * @param given the element, or what the block that is to be changed is called among its siblings
   * @throws UserError where no block is called so, or where what comes back is no block of that kind
   */
  protected copyWithOne<T extends Block>(name: string, given: object | string, change?: (block: T) => T): this {
    const list = (this.read(name) as readonly T[] | undefined) ?? [];
    if (typeof given !== "string" || !change) return this.copyWith({ [name]: [...list, given] });
    const key = given;
    const place = (index: number): Path => [name, { index, name: key }];
    if (!hasNamed(list, key)) throw missing(list, name, key);
    return this.copyWith({
      [name]: list.map((block, index) => (block.blockKey === key ? changed(block, change, place(index)) : block)),
    });
  }

  /**
   * The same block without some of the blocks of a list.
   *
   * @param which what the block is called among its siblings, or which blocks are meant
   * @throws UserError where no block is called so
   */
  protected copyWithout(name: string, which: string | ((block: Block) => boolean)): this {
    const list = (this.read(name) as readonly Block[] | undefined) ?? [];
    if (typeof which === "string" && !hasNamed(list, which)) throw missing(list, name, which);
    const isMeant = typeof which === "string" ? (block: Block) => block.blockKey === which : which;
    const left = list.filter((block) => !isMeant(block));
    return left.length === list.length ? this : this.copyWith({ [name]: left });
  }

  /** The same block with every block of a list changed. */
  protected copyWithEach<T extends Block>(name: string, change: (block: T) => T): this {
    const list = this.read(name) as readonly T[] | undefined;
    if (!list) return this;
    const next = list.map((block, index) => changed(block, change, [name, elementStep(block, index)]));
    return next.every((block, index) => block === list[index]) ? this : this.copyWith({ [name]: next });
  }

  /** A value as it was written, by the property's name. */
  protected read(name: string): unknown {
    const field = this[DEFINITION].byName.get(name);
    return field && this[VALUES][field.index];
  }

  /** @internal What `overrides` would have to say so that a copy renders the same; nothing where properties say it all. */
  overridden(): Readonly<ApiObject> | undefined {
    const { serverOnly } = this[DEFINITION];
    const rest = this[REST];
    const carried = Object.entries(rest?.carried ?? {}).filter(
      ([key, value]) => value !== null && !(serverOnly && Object.hasOwn(serverOnly, key)),
    );
    const all = { ...Object.fromEntries(carried), ...rest?.overrides };
    return Object.keys(all).length > 0 ? all : undefined;
  }

  /** @internal What a debugger and `console.log` show: the properties that were set. */
  [INSPECT](_depth: number, options: object, inspect?: (value: unknown, options: object) => string): unknown {
    const set: ApiObject = {};
    eachProperty(this, (name, value) => (set[name] = value));
    return inspect ? `${this.constructor.name} ${inspect(set, options)}` : set;
  }
}

/** What every block of these fields can do. */
export interface Changeable<F extends Fields> {
  /**
   * The properties with the defaults that a server fills in, beside what was written: `group.count` is undefined where nobody wrote one, and `group.resolved.count`
   * is 1. What depends on the job, such as a restart block's attempts, is what was written.
   */
  readonly resolved: ResolvedOf<F>;
  /** The same block with some of its properties written anew; `undefined` takes one away. */
  with(changes: Partial<PropsOf<F>>): this;
  /** The same block with more blocks at the end of one of its lists: `proxy.withMore("upstreams", Upstream.to("database", 5432))`. */
  withMore<K extends BlockLists<F>>(list: K, ...more: readonly ElementInput<F[K]>[]): this;
  /**
   * The same block without some of the blocks of one of its lists: `group.without("tasks", "proxy")`.
   *
   * @param which what the block is called among its siblings, or which blocks are meant
   * @throws UserError where no block is called so
   */
  without<K extends BlockLists<F>>(list: K, which: string | ((block: ElementOf<F[K]>) => boolean)): this;
}

type ElementOf<T> = T extends Field<infer _In, readonly (infer E)[], boolean, infer _Json> ? E : never;
type ElementInput<T> = T extends Field<readonly (infer E)[], infer _Out, boolean, infer _Json> ? E : never;
/** The properties that are lists of blocks. */
type BlockLists<F extends Fields> = {
  [K in keyof F]: [ElementOf<F[K]>] extends [never] ? never : ElementOf<F[K]> extends Block ? K : never;
}[keyof F];

/** A class made for a record of fields: the base that the class of a block extends. */
export interface BlockClass<F extends Fields, A extends string = string> extends WithFields<F, A> {
  new (props: PropsOf<F>): Block & OutputsOf<F> & Changeable<F>;
}

/** Makes the base class for a block from its fields. */
export function blockOf<F extends Fields, const A extends string>(
  info: BlockInfo & { readonly api: A },
  fields: F,
): BlockClass<F, A> {
  const definition = defined(info, fields);

  class Base extends Block {
    constructor(props: PropsOf<F>) {
      super(props);
    }
    with(changes: Partial<PropsOf<F>>): this {
      if (!isKeyed(changes)) {
        const message = `expected the changed properties as an object, found ${describe(changes)}; write { … }`;
        throw UserError.at(info.hcl, message, "field/type");
      }
      return this.copyWith(changes);
    }
    withMore(list: string, ...more: readonly object[]): this {
      return this.copyWith({ [list]: [...((this.read(list) as readonly object[] | undefined) ?? []), ...more] });
    }
    without(list: string, which: string | ((block: Block) => boolean)): this {
      return this.copyWithout(list, which);
    }
  }
  Object.defineProperty(Base.prototype, DEFINITION, { value: definition });
  Object.defineProperty(Base.prototype, "resolved", {
    configurable: true,
    get(this: Block) {
      return resolved(definition, this[VALUES]);
    },
  });
  for (const { name, index } of definition.list)
    Object.defineProperty(Base.prototype, name, {
      configurable: true,
      enumerable: true,
      get(this: Block) {
        return this[VALUES][index];
      },
    });
  return Base as unknown as BlockClass<F, A>;
}

/** The definition behind a block or the class of one. */
export function definitionOf(block: Block | (abstract new (...args: never[]) => Block)): BlockDefinition {
  return typeof block === "function" ? (block.prototype as Block)[DEFINITION] : block[DEFINITION];
}

/** Whether a prototype is that of the library's own class for a block, right above the base that its definition makes. */
function isOwnClass(prototype: object): boolean {
  return Object.hasOwn(Object.getPrototypeOf(prototype) as object, DEFINITION);
}

/** A block in words, such as `task "web"`. */
function placeOf({ [DEFINITION]: { hcl }, blockKey }: Block): string {
  return blockKey === undefined ? hcl : `${hcl} "${blockKey}"`;
}

/** Visits the properties of a block that were set, in the order of the definition. */
export function eachProperty(block: Block, visit: (name: string, value: unknown) => void): void {
  const { list } = block[DEFINITION];
  const values = block[VALUES];
  for (let index = 0; index < values.length; index += 1)
    if (values[index] !== undefined) visit((list[index] as CompiledField).name, values[index]);
}

/** The same block with other values; itself where none is another. */
export function replaceValues<T extends Block>(block: T, replace: (field: Field, value: unknown) => unknown): T {
  const { list } = block[DEFINITION];
  const values = block[VALUES];
  const next = values.map((value, index) =>
    value === undefined ? undefined : replace((list[index] as CompiledField).field, value),
  );
  if (next.every((value, index) => value === values[index])) return block;
  return copyOf(block, next, block[REST]);
}

/**
 * A block of the same class, with what its class keeps beside the model, made without running the constructors of subclasses.
 *
 * @throws UserError where the class keeps something that no copy has
 */
function copyOf<T extends Block>(block: T, values: readonly unknown[], rest: Rest | undefined): T {
  const prototype = Object.getPrototypeOf(block) as object;
  const type = classWithPrivateFields(prototype, isOwnClass);
  if (type !== undefined) {
    const message = `its class ${type} keeps something in a "#" field or method, which a changed copy does not have; write "private" in place of "#"`;
    throw UserError.at(placeOf(block), message, "model/private");
  }
  const copy = Object.assign(Object.create(prototype) as T, block);
  write(copy, values, rest, false);
  return copy;
}

/** Gives a block that is being made what it is. */
function write(block: Block, values: readonly unknown[], rest: Rest | undefined, wasRead: boolean): void {
  const made = block as { -readonly [K in typeof VALUES | typeof REST | typeof WAS_READ]: Block[K] };
  made[VALUES] = values;
  made[REST] = rest;
  made[WAS_READ] = wasRead;
}

/** The values of the properties that somebody wrote. */
function given({ byName, list, hcl }: BlockDefinition, props: unknown): { values: readonly unknown[]; rest?: Rest } {
  if (!isKeyed(props))
    return {
      values: [],
      rest: { mistaken: `expected the properties of ${hcl} as an object, found ${describe(props)}; write { … }` },
    };
  if (VALUES in props && !(props instanceof Block))
    return {
      values: [],
      rest: { mistaken: "a block that is spread leaves its properties behind; write block.with({ … })" },
    };
  const values = new Array<unknown>(list.length);
  let length = 0;
  let unknown: string[] | undefined;
  for (const name in props) {
    const value = props[name];
    if (value === undefined || name === "overrides") continue;
    const field = byName.get(name);
    if (field) {
      values[field.index] = storedValue(field, value);
      if (field.index >= length) length = field.index + 1;
    } else {
      (unknown ??= []).push(name);
    }
  }
  values.length = length;
  const overrides = props instanceof Block ? props[REST]?.overrides : props.overrides;
  if (!unknown && overrides === undefined) return { values };
  return { values, rest: { unknown, overrides: frozen(overrides) as ApiObject | undefined } };
}

/** The value of a property as it was written: nested blocks as their classes, everything else as a copy that nobody changes. */
function storedValue({ coerce }: CompiledField, value: unknown): unknown {
  if (!coerce) return frozen(value);
  const coerced = coerce(value);
  return Array.isArray(coerced) && coerced !== value ? Object.freeze(coerced) : frozen(coerced);
}

function hasNamed(list: readonly unknown[], key: string): boolean {
  return list.some((block) => block instanceof Block && block.blockKey === key);
}

/** What to say of a name that no block of a list has. */
function missing(list: readonly unknown[], name: string, key: string): UserError {
  const known = list.flatMap((block) => (block instanceof Block ? [block.blockKey ?? ""] : []));
  const near = nearestOf(key, known);
  const others = known.filter((each) => each !== near).map((each) => `"${each}"`);
  const wayOut =
    known.length === 0
      ? "there are none"
      : near === undefined
        ? `write one of ${others.join(", ")}`
        : `write "${near}"${others.length > 0 ? `, or one of ${others.join(", ")}` : ""}`;
  return UserError.at([name, { key }], `is not there; ${wayOut}`, "model/missing");
}

/** What a block in a list is called in a path. */
export function elementStep(block: unknown, index: number): PathStep {
  const name = block instanceof Block ? block.blockKey : undefined;
  return name === undefined ? { index } : { index, name };
}

/** A block as somebody's function changes it. What that function refuses has the block in its path. */
function changed<T extends Block>(block: T, change: (block: T) => T, place: Path): T {
  let next: unknown;
  try {
    next = change(block);
  } catch (error) {
    throw error instanceof UserError ? error.below(place) : error;
  }
  if (next instanceof Block && next[DEFINITION] === block[DEFINITION]) return next as T;
  const { hcl } = block[DEFINITION];
  const message = `expected the changed ${hcl}, found ${describe(next)}; give back what the with…() methods gave`;
  throw UserError.at(place, message, "model/changed");
}

/** Writes a value into the block's JSON. What has no JSON is refused with the property's name in its path. */
function encodeAt(field: CompiledField, value: unknown, wasRead: boolean, out: ApiObject): void {
  try {
    encodeValue(field, value, wasRead, out);
  } catch (error) {
    throw error instanceof UserError ? error.below([field.name]) : error;
  }
}

function merge(out: ApiObject, overrides: Readonly<ApiObject>): void {
  for (const key of Object.keys(overrides)) {
    if (overrides[key] === null) delete out[key];
    else out[key] = plain(overrides[key]);
  }
}

function unknownProperty(name: string, hcl: string, list: readonly CompiledField[]): string {
  const names = list.map((entry) => entry.name);
  const near = nearestOf(name, names);
  return `${hcl} has no property "${name}"; ${near ? `write "${near}"` : `it takes ${names.join(", ")}`}`;
}
