import type { Api, ApiObject, CheckContext, Field, Fields, InputsOf, OutputsOf } from "./field";
import { describe, isPlainObject, isTooDeep, TOO_DEEP } from "./describe";
import { Place } from "./place";
import { UserError, type Problem } from "./problem";
import { isServerValue, SERVER_VALUES, withKnownKeys, type ServerValue } from "./server-keys";
import { isAtLeast } from "./versions";

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

/** What a block of this kind is, beside its fields. */
export interface BlockInfo {
  /** Its type in Nomad's API, such as `RestartPolicy`. */
  readonly api: string;
  /** Its name in HCL, such as `restart`. */
  readonly hcl: string;
  /** API keys that only a server writes, with the kinds of their values: carried through an import, never a property. */
  readonly serverOnly?: Readonly<Record<string, ServerValue>>;
  /** The property that names one among its siblings, used in paths and messages. */
  readonly key?: string;
}

/** Properties of a block as its constructor takes them. */
export type PropsOf<F extends Fields> = InputsOf<F> & BlockOptions;

/** A field as the walks over blocks want it: all of one shape, since they look at hundreds of kinds. */
interface CompiledField {
  readonly name: string;
  readonly field: Field;
  /** Its place among the fields of its block. */
  readonly index: number;
  /** The first API key that it owns. */
  readonly api: string;
  /** Whether what was read is written as it is. */
  readonly plain: boolean;
  /** Whether some Nomad does not take it: checked only where it is. */
  readonly marked: boolean;
  /** Whether there is nothing to say of a value that was read. */
  readonly quiet: boolean;
  readonly coerce: Field["coerce"];
  readonly encode: Field["encode"];
  readonly take: Field["take"];
  readonly decode: Field["decode"];
  readonly fault: Field["fault"];
  readonly check: Field["check"];
}

const READ = Symbol("read");

/** What a block is made of that was read: values that are of their kinds, in the order of their definition. */
interface ReadProps {
  readonly [READ]: { readonly set: readonly CompiledField[]; readonly values: readonly unknown[] };
}

/** Everything about one kind of block, worked out once. */
export interface BlockDefinition extends BlockInfo {
  readonly fields: Fields;
  readonly list: readonly CompiledField[];
  readonly byName: ReadonlyMap<string, CompiledField>;
  readonly required: readonly CompiledField[];
  /** API keys, with the property that owns each. */
  readonly owned: ReadonlyMap<string, CompiledField>;
  /** API keys in lower case, with the key as it is written: a server reads keys in any case. */
  readonly keysInLowerCase: ReadonlyMap<string, string>;
  /** Whether some property stands for two API keys. */
  readonly hasPairs: boolean;
}

const DEFINITION = Symbol("definition");
const SET = Symbol("set");
const UNKNOWN = Symbol("unknown");
const MISTAKEN = Symbol("mistaken");
const OVERRIDES = Symbol("overrides");
const CARRIED = Symbol("carried");
const MAP_KEY = Symbol("key in a map");

let edits = 0;

/**
 * How many times a block was changed after it was made, over all blocks. Whoever keeps something that was worked out from a
 * model may go on using it as long as this number stands still.
 */
export function modelEdits(): number {
  return edits;
}

/**
 * A block of a Nomad job. Its properties are fixed once made, but for collections, which grow through
 * the `addX()` methods of the classes; so rendering is a function of what was written, however often asked.
 */
export abstract class Block {
  /** @internal */ declare readonly [DEFINITION]: BlockDefinition;
  // Under symbols and not private, so that a copy can be made without running the constructors of subclasses.
  /** @internal What was set, in the order of the definition: of many properties mostly few. */
  declare [SET]: readonly CompiledField[];
  /** @internal Names that were given and are no properties. */
  declare [UNKNOWN]: readonly string[] | undefined;
  /** @internal */ declare [OVERRIDES]: Readonly<ApiObject> | undefined;
  /** @internal API values that have no property: what only a server sets, and what no release here knows yet. */
  declare [CARRIED]: Readonly<ApiObject> | undefined;
  /** @internal What was given in the place of properties, in words. */
  declare [MISTAKEN]: string | undefined;
  /** @internal */ declare [MAP_KEY]: string | undefined;
  /** @internal Whether it was read from JSON and not changed since: every value is of its kind. */
  declare [READ]: boolean | undefined;

  protected constructor(props: object) {
    const read = (props as Partial<ReadProps> | undefined | null)?.[READ];
    if (read) {
      this[SET] = read.set;
      for (let index = 0; index < read.set.length; index += 1)
        valuesOf(this)[(read.set[index] as CompiledField).name] = read.values[index];
      this[READ] = true;
      return;
    }
    const { byName } = this[DEFINITION];
    const set: CompiledField[] = [];
    this[SET] = set;
    if (!isKeyed(props)) {
      this[MISTAKEN] = describe(props);
      return;
    }
    const input = props as ApiObject;
    let unknown: string[] | undefined;
    for (const name in input) {
      const value = input[name];
      if (value === undefined || name === "overrides") continue;
      const of = byName.get(name);
      if (of) {
        insert(set, of);
        // Only names of properties get here, which no input can choose.
        valuesOf(this)[name] = hold(of, value);
      } else {
        (unknown ??= []).push(name);
      }
    }
    if (unknown) this[UNKNOWN] = unknown;
    if (input.overrides !== undefined) this[OVERRIDES] = input.overrides as ApiObject;
  }

  /** The block as API JSON: only what was set, plain data, equal however often it is asked for. */
  toApi(): ApiObject {
    const out: ApiObject = this[CARRIED] ? { ...this[CARRIED] } : {};
    const values = valuesOf(this);
    const read = this[READ] === true;
    for (const of of this[SET]) {
      if (read && of.plain) out[of.api] = values[of.name];
      else encodeAt(of, values[of.name], out);
    }
    if (this[OVERRIDES]) merge(out, this[OVERRIDES]);
    return out;
  }

  /** Reports what is wrong with this block by itself and with the blocks inside it. */
  checkBlock(at: Place, context: CheckContext): void {
    const { list, required, hcl } = this[DEFINITION];
    if (this[MISTAKEN] !== undefined) {
      at.error("field/type", `expected the properties of ${hcl} as an object, found ${this[MISTAKEN]}; write { … }`);
      return;
    }
    const values = valuesOf(this);
    const read = this[READ] === true;
    for (const of of this[SET]) {
      if (read && of.quiet) continue;
      const { name } = of;
      const value = values[name];
      // A place costs more than a look at a plain value; it is made where there is something to say.
      if (of.fault) {
        const fault = of.fault(value);
        if (fault) at.property(name).report(fault);
      } else {
        of.check(value, at.property(name), context);
      }
      if (of.marked) checkMarks(of.field, name, value, hcl, at, context);
    }
    for (const { name, field, api } of required) {
      if (values[name] !== undefined || this[CARRIED]?.[api] !== undefined) continue;
      const message = `${hcl} needs "${name}"; write one`;
      at.property(name).report(
        field.options.lenient
          ? { rule: "field/senseless", message, severity: "warning" }
          : { rule: "field/required", message },
      );
    }
    if (!this[UNKNOWN]) return;
    for (const name of this[UNKNOWN]) at.property(name).error("field/unknown", unknownProperty(name, hcl, list));
  }

  /** @internal The key under which an import found it in a map, where that is not its name. */
  get mapKey(): string {
    return this[MAP_KEY] ?? this.blockKey ?? "";
  }

  /** @internal */
  set mapKey(key: string) {
    this[MAP_KEY] = key;
  }

  /** What names this block among its siblings, or nothing. */
  get blockKey(): string | undefined {
    const { key } = this[DEFINITION];
    const value = key === undefined ? undefined : this.read(key);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  /** The same block with some of its properties written anew; `undefined` takes one away. */
  protected copyWith(changes: object): this {
    const copy = Object.assign(Object.create(Object.getPrototypeOf(this) as object) as this, this);
    for (const [name, value] of Object.entries(changes)) copy.write(name, value);
    return copy;
  }

  /** A value as it was written, by the property's name. */
  protected read(name: string): unknown {
    return valuesOf(this)[name];
  }

  /** Puts a value in the place of the one written, for the `addX()` and `setX()` methods of the classes. */
  protected write(name: string, value: unknown): void {
    edits += 1;
    this[READ] = false;
    const of = this[DEFINITION].byName.get(name);
    if (!of) {
      this[UNKNOWN] = [...(this[UNKNOWN] ?? []), name];
      return;
    }
    const set = this[SET].filter((other) => other !== of);
    if (value !== undefined) insert(set, of);
    this[SET] = set;
    valuesOf(this)[name] = value === undefined ? undefined : hold(of, value);
  }

  /** Adds to a list. */
  protected append(name: string, value: unknown): void {
    const list = (this.read(name) as unknown[] | undefined) ?? [];
    this.write(name, [...list, value]);
  }

  /** @internal What `overrides` would have to say so that a copy renders the same; nothing where properties say it all. */
  overridden(): Readonly<ApiObject> | undefined {
    const { serverOnly } = this[DEFINITION];
    const carried = Object.entries(this[CARRIED] ?? {}).filter(
      ([key, value]) => value !== null && !(serverOnly && Object.hasOwn(serverOnly, key)),
    );
    const all = { ...Object.fromEntries(carried), ...this[OVERRIDES] };
    return Object.keys(all).length > 0 ? all : undefined;
  }

  /** @internal What an import found that has no property. */
  carry(values: ApiObject | undefined): void {
    if (values) this[CARRIED] = values;
  }
}

/** What every block of these fields can do. */
export interface Changeable<F extends Fields> {
  /** The same block with some of its properties written anew; `undefined` takes one away. */
  with(changes: Partial<InputsOf<F>>): this;
}

/** A class made for a record of fields: the base that the class of a block extends. */
export interface BlockClass<F extends Fields> {
  new (props: PropsOf<F>): Block & OutputsOf<F> & Changeable<F>;
}

/** Makes the base class for a block from its fields. */
export function blockOf<F extends Fields>(info: BlockInfo, fields: F): BlockClass<F> {
  const list = Object.entries(fields).map(([name, field], index) => compiled(name, field, index));
  const definition: BlockDefinition = {
    ...info,
    fields,
    list,
    byName: new Map(list.map((of) => [of.name, of])),
    required: list.filter(({ field }) => field.required),
    owned: new Map(list.flatMap((of) => of.field.api.map((api) => [api, of] as const))),
    hasPairs: list.some(({ field }) => field.api.length > 1),
    keysInLowerCase: new Map(
      [...list.flatMap(({ field }) => field.api), ...Object.keys(info.serverOnly ?? {})].map((api) => [
        api.toLowerCase(),
        api,
      ]),
    ),
  };

  class Base extends Block {
    constructor(props: PropsOf<F>) {
      super(props);
    }
    with(changes: Partial<InputsOf<F>>): this {
      return this.copyWith(changes);
    }
  }
  Object.defineProperty(Base.prototype, DEFINITION, { value: definition });
  return Base as unknown as BlockClass<F>;
}

function compiled(name: string, field: Field, index: number): CompiledField {
  const { enterprise, since, deprecated } = field.options;
  const marked = enterprise !== undefined || since !== undefined || deprecated !== undefined;
  const plain = field.plain ?? false;
  const { coerce, encode, take, decode, fault, check } = field;
  const quiet = plain && field.unjudged === true && !marked;
  return {
    name,
    field,
    index,
    api: field.api[0] as string,
    plain,
    marked,
    quiet,
    coerce,
    encode,
    take,
    decode,
    fault,
    check,
  };
}

/** The definition behind a block or the class of one. */
export function definitionOf(block: Block | (abstract new (...args: never[]) => Block)): BlockDefinition {
  return typeof block === "function" ? (block.prototype as Block)[DEFINITION] : block[DEFINITION];
}

/** Reads a block back from API JSON, collecting what is wrong at `at`. */
export function decodeBlock<T extends Block>(type: new (props: never) => T, given: Api, at: Place): T | undefined {
  if (!isPlainObject(given)) {
    at.error("import/type", `expected a ${definitionOf(type).hcl} as an object, found ${describe(given)}`);
    return undefined;
  }
  const { owned, serverOnly, keysInLowerCase, hasPairs } = definitionOf(type);
  // What is made of two keys is read whole, so both must be found under their names first.
  const hasOtherKeys =
    hasPairs && Object.keys(given).some((key) => !owned.has(key) && keysInLowerCase.get(key.toLowerCase()) !== key);
  const json = hasOtherKeys ? withKnownKeys(given, keysInLowerCase) : given;
  const set: CompiledField[] = [];
  const values: unknown[] = [];
  const several: CompiledField[] = [];
  let carried: ApiObject | undefined;
  for (const key in json) {
    // null and absent are the same to Nomad, and most of what its parser gives is null.
    const found = json[key];
    if (found === null || found === undefined) continue;
    const of = owned.get(key);
    if (of) {
      // A property of two keys is read once, also where it cannot be.
      if (of.field.api.length > 1) {
        if (several.includes(of)) continue;
        several.push(of);
      }
      const value: unknown = of.take?.(found) ?? of.decode(json, at.property(of.name));
      if (value === undefined) {
        // A list of nulls alone is something to a server: no block is in it, and yet it is not empty.
        if (Array.isArray(found) && found.length > 0 && found.every((item) => item === null))
          (carried ??= Object.create(null) as ApiObject)[key] = found;
        continue;
      }
      const place = insert(set, of);
      const held = Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value;
      if (place === values.length) values.push(held);
      else values.splice(place, 0, held);
      continue;
    }
    if (isTooDeep(found)) {
      at.property(key).error("import/depth", TOO_DEEP);
      continue;
    }
    const kind = serverOnly && Object.hasOwn(serverOnly, key) ? serverOnly[key] : undefined;
    if (kind === undefined && keysInLowerCase.has(key.toLowerCase()))
      return decodeBlock(type, withKnownKeys(json, keysInLowerCase), at);
    if (kind !== undefined && !isServerValue(found, kind))
      at.property(key).error("import/type", `expected ${SERVER_VALUES[kind]}, found ${describe(found)}`);
    if (kind === undefined)
      at.property(key).warning("import/unknown-field", `Nomad's field "${key}" is not known here; kept as it is`);
    (carried ??= Object.create(null) as ApiObject)[key] = found;
  }
  const props: ReadProps = { [READ]: { set, values } };
  const block = new type(props as never);
  block.carry(carried);
  return block;
}

/** What reading a block gave: nothing where it is unreadable, and everything that was noticed. */
export interface Reading<T> {
  readonly block: T | undefined;
  readonly problems: readonly Problem[];
}

/** Reads a block from API JSON. */
export function readBlock<T extends Block>(type: new (props: never) => T, json: Api): Reading<T> {
  const problems: Problem[] = [];
  const block = decodeBlock(type, json, Place.root(problems));
  return { block: problems.some(({ severity }) => severity === "error") ? undefined : block, problems };
}

/** What a field's marks mean to the Nomad that the job is for. */
function checkMarks(field: Field, name: string, value: unknown, hcl: string, at: Place, context: CheckContext): void {
  const { enterprise, since, deprecated } = field.options;
  if (enterprise && !context.enterprise && saysSomething(value)) {
    const rule = "target/enterprise";
    const wayOut = "leave it out, or set the target's enterprise to true";
    if (enterprise === "ignored")
      at.property(name).warning(rule, `open-source Nomad ignores "${name}" of ${hcl}; ${wayOut}`);
    else at.property(name).error(rule, `"${name}" of ${hcl} needs Nomad Enterprise; ${wayOut}`);
  }
  if (since !== undefined && saysSomething(value) && !isAtLeast(context.nomadVersion, since)) {
    const message = `Nomad knows "${name}" of ${hcl} since ${since}, and ${context.nomadVersion} ignores it; leave it out`;
    at.property(name).warning("target/version", message);
  }
  if (deprecated !== undefined && saysSomething(value)) {
    at.property(name).warning("field/deprecated", `"${name}" of ${hcl} is deprecated; write ${deprecated}`);
  }
}

/** Whether a value is another than the empty one of its kind. */
function saysSomething(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  // Units render as numbers.
  return !("toJSON" in value) || (value as { toJSON(): unknown }).toJSON() !== 0;
}

/** A block as the record of its values: each is a plain property under its own name, which is what is fastest to read. */
function valuesOf(block: Block): ApiObject {
  return block as unknown as ApiObject;
}

/** Whether a value has properties of its own: a text or a list has one for each letter or element, and none is meant. */
function isKeyed(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Keeps the order of the definition, whatever the order in which somebody wrote. */
function insert(set: CompiledField[], of: CompiledField): number {
  let at = set.length;
  while (at > 0 && (set[at - 1] as CompiledField).index > of.index) at -= 1;
  if (at === set.length) set.push(of);
  else set.splice(at, 0, of);
  return at;
}

/** What is held of a written value: nested blocks as their classes, lists that nobody changes from outside. */
function hold({ coerce }: CompiledField, value: unknown): unknown {
  const held = coerce ? coerce(value) : value;
  return Array.isArray(held) ? Object.freeze(held === value ? [...(held as unknown[])] : held) : held;
}

function encodeAt({ encode, name }: CompiledField, value: unknown, out: ApiObject): void {
  try {
    encode(value, out);
  } catch (error) {
    if (error instanceof UserError) {
      throw new UserError(error.problems.map((problem) => ({ ...problem, path: join(name, problem.path) })));
    }
    throw error;
  }
}

function join(name: string, rest: string): string {
  return rest === "" || rest.startsWith("[") ? name + rest : `${name}.${rest}`;
}

function merge(out: ApiObject, overrides: Readonly<ApiObject>): void {
  for (const key of Object.keys(overrides)) {
    if (overrides[key] === null) delete out[key];
    else out[key] = structuredClone(overrides[key]);
  }
}

function unknownProperty(name: string, hcl: string, list: readonly CompiledField[]): string {
  const names = list.map((entry) => entry.name);
  const near = names.find((candidate) => candidate.toLowerCase() === name.replaceAll("_", "").toLowerCase());
  return `${hcl} has no property "${name}"; ${near ? `write "${near}"` : `it takes ${names.join(", ")}`}`;
}
