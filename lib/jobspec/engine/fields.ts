import type { ApiOf, EffectiveOf, HasDefault, IsFilledIn, Part } from "./api-of";
import { Block, definitionOf, elementStep } from "./block";
import { isDeferred, isKnown, isResolvable, type Resolvable } from "./deferred";
import { describe, isPlainObject, withArticle } from "./describe";
import type { ApiObject, Field, FieldOptions } from "./field";
import { ANY_MAP, define, TEXT_MAP, TEXTS_MAP } from "./maps";
import type { Place } from "./place";
import { UserError } from "../../errors";
import { decodeBlock } from "./reading";
import { BOOL, INT, INTS, scalar, TEXT, TEXTS, within, type Limits } from "./scalars";

/** Whether the options make the property required, as a type. */
type Required<O> = O extends { required: true } ? true : false;

interface TextOptions extends FieldOptions {
  /** Refuses the empty text. Default: false. */
  readonly nonEmpty?: boolean;
}

/** A text. */
export function text<const A extends string, const O extends TextOptions>(
  api: A,
  options?: O,
): Field<string | Resolvable, string, Required<O>, Part<A, string, HasDefault<O>>> {
  const judge = options?.nonEmpty
    ? (value: string) => (value === "" ? "is empty; write a text" : undefined)
    : undefined;
  return scalar(api, TEXT, options ?? {}, judge);
}

interface OneOfOptions extends FieldOptions {
  /** Whether Nomad takes the empty text for the default. Default: true. */
  readonly empty?: boolean;
  /** Whether Nomad takes it in upper case too. Default: false. */
  readonly anyCase?: boolean;
}

/** A text out of a few. Read from JSON it may be any: the rules then name it. */
export function oneOf<const A extends string, const V extends readonly string[], const O extends OneOfOptions>(
  api: A,
  values: V,
  options?: O,
): Field<V[number] | Resolvable, V[number], Required<O>, Part<A, string, HasDefault<O>>> {
  const judge = (value: string) =>
    (value === "" && options?.empty !== false) || values.includes(options?.anyCase ? value.toLowerCase() : value)
      ? undefined
      : `"${value}" is not known; write one of ${values.map((known) => `"${known}"`).join(", ")}`;
  return { ...scalar<string, Required<O>>(api, TEXT, options ?? {}, judge), values } as Field<
    V[number] | Resolvable,
    V[number],
    Required<O>,
    Part<A, string, HasDefault<O>>
  >;
}

/** A whole number. */
export function int<const A extends string, const O extends FieldOptions & Limits>(
  api: A,
  options?: O,
): Field<number | Resolvable, number, Required<O>, Part<A, number, HasDefault<O>>> {
  return scalar(api, INT, options ?? {}, within(options ?? {}));
}

/** True or false. */
export function bool<const A extends string, const O extends FieldOptions>(
  api: A,
  options?: O,
): Field<boolean | Resolvable, boolean, Required<O>, Part<A, boolean, HasDefault<O>>> {
  return scalar(api, BOOL, options ?? {});
}

/** A list of texts. */
export function texts<const A extends string, const O extends FieldOptions>(
  api: A,
  options?: O,
): Field<TokenList<string>, readonly string[], Required<O>, Part<A, readonly string[], HasDefault<O>>> {
  return scalar<readonly string[], Required<O>>(api, TEXTS, options ?? {}) as Field<
    TokenList<string>,
    readonly string[],
    Required<O>,
    Part<A, readonly string[], HasDefault<O>>
  >;
}

/** A list of whole numbers, each of them within the limits. */
export function ints<const A extends string, const O extends FieldOptions & Limits>(
  api: A,
  options?: O,
): Field<TokenList<number>, readonly number[], Required<O>, Part<A, readonly number[], HasDefault<O>>> {
  const judge = within(options ?? {});
  return scalar<readonly number[], Required<O>>(
    api,
    INTS,
    options ?? {},
    judge &&
      ((values) =>
        values
          .filter(isKnown)
          .map(judge)
          .find((wrong) => wrong !== undefined)),
  ) as Field<TokenList<number>, readonly number[], Required<O>, never>;
}

/** A list as somebody writes it: some of its elements, or the whole of it, may be known only at deploy time. */
export type TokenList<T> = readonly (T | Resolvable)[] | Resolvable;
/** Lists of texts by name, as somebody writes them. */
export type TextLists = Readonly<Record<string, TokenList<string>>> | Resolvable;
/** Texts by name, as somebody writes them. */
export type Texts = Readonly<Record<string, string | Resolvable>> | Resolvable;

/** A map of texts. */
export function textMap<const A extends string>(
  api: A,
  options: FieldOptions = {},
): Field<Texts, Readonly<Record<string, string>>, boolean, Part<A, Readonly<Record<string, string>>>> {
  return scalar(api, TEXT_MAP, options) as Field<Texts, Readonly<Record<string, string>>, boolean, never>;
}

/** A map of lists of texts. */
export function textsMap<const A extends string>(
  api: A,
  options: FieldOptions = {},
): Field<
  TextLists,
  Readonly<Record<string, readonly string[]>>,
  boolean,
  Part<A, Readonly<Record<string, readonly string[]>>>
> {
  return scalar(api, TEXTS_MAP, options) as Field<
    TextLists,
    Readonly<Record<string, readonly string[]>>,
    boolean,
    never
  >;
}

/** An object of any JSON. */
export function anyMap<const A extends string>(
  api: A,
  options: FieldOptions = {},
): Field<
  Readonly<Record<string, unknown>> | Resolvable,
  Readonly<Record<string, unknown>>,
  boolean,
  Part<A, Readonly<Record<string, unknown>>>
> {
  return scalar(api, ANY_MAP, options);
}

type AnyBlockClass = new (props: never) => Block;
/** A nested block is given as its class or as plain properties. */
type BlockInput<C extends AnyBlockClass> = InstanceType<C> | NonNullable<ConstructorParameters<C>[0]>;

/** One nested block. */
export function block<const A extends string, C extends AnyBlockClass, const O extends FieldOptions>(
  api: A,
  type: () => C,
  options?: O,
): Field<BlockInput<C>, InstanceType<C>, Required<O>, Part<A, ApiOf<C>, IsFilledIn<O>, EffectiveOf<C>>> {
  return {
    kind: "block",
    api: [api],
    required: (options?.required ?? false) as Required<O>,
    options: options ?? {},
    of: type,
    coerce: (value) => coerce(type(), value),
    encode(value, out) {
      out[api] = apiOf(value);
    },
    decode(json, at) {
      const found = json[api];
      return found === undefined || found === null
        ? undefined
        : (decodeBlock(type(), found, at) as InstanceType<C> | undefined);
    },
    check: (value, at, context) => {
      if (isOfClass(type(), value, at)) value.checkBlock(at, context);
    },
  };
}

/** A list of nested blocks. */
export function blocks<const A extends string, C extends AnyBlockClass, const O extends FieldOptions>(
  api: A,
  type: () => C,
  options?: O,
): Field<
  readonly BlockInput<C>[],
  readonly InstanceType<C>[],
  Required<O>,
  Part<A, readonly ApiOf<C>[], false, readonly EffectiveOf<C>[]>
> {
  return {
    kind: "blocks",
    api: [api],
    required: (options?.required ?? false) as Required<O>,
    options: options ?? {},
    of: type,
    coerce(values) {
      if (!Array.isArray(values)) return values as readonly InstanceType<C>[];
      const wanted = type();
      return (values as readonly BlockInput<C>[]).map((value) => coerce(wanted, value));
    },
    encode(values, out) {
      out[api] = listed(values).map(elementApi);
    },
    decode: (json, at) => decodeList(type(), json[api], at, options?.nullElement),
    check(values, at, context) {
      if (isDeferred(values)) {
        at.error("field/type", tokenForBlock(definitionOf(type()).hcl, type().name));
        return;
      }
      if (!Array.isArray(values)) {
        at.error("field/type", `expected a list, found ${describe(values)}; write [ … ]`);
        return;
      }
      const wanted = type();
      for (let index = 0; index < values.length; index += 1) {
        const value = values[index] as Block;
        const place = value instanceof Block ? at.block(index, value) : at.element(index);
        if (isOfClass(wanted, value, place)) value.checkBlock(place, context);
      }
    },
  };
}

/** Nested blocks by name: written as a list, since each carries its name. */
export function blockMap<const A extends string, C extends AnyBlockClass>(
  api: A,
  type: () => C,
  options: FieldOptions = {},
): Field<
  readonly BlockInput<C>[],
  readonly InstanceType<C>[],
  false,
  Part<A, Readonly<Record<string, ApiOf<C>>>, false, Readonly<Record<string, EffectiveOf<C>>>>
> {
  // Its type is of a list.
  const { json: _json, ...list } = blocks(api, type, options);
  return {
    ...list,
    required: false,
    kind: "block-map",
    encode(values, out) {
      const map: ApiObject = {};
      listed(values).forEach((value, index) => define(map, value.mapKey, elementApi(value, index)));
      out[api] = map;
    },
    decode(json, at) {
      const found = json[api];
      if (found === undefined || found === null) return undefined;
      if (isPlainObject(found)) {
        const wanted = type();
        const entries = Object.entries(found).filter(([, item]) => item !== null || options.nullElement !== "none");
        const list = entries.map(([key, item], index) =>
          decodeBlock(wanted, item === null && options.nullElement === "empty" ? {} : item, at.element(index), key),
        );
        return list.includes(undefined) ? undefined : (list as InstanceType<C>[]);
      }
      at.error("import/type", `expected an object, found ${describe(found)}`);
      return undefined;
    },
  };
}

function decodeList<C extends AnyBlockClass>(
  type: C,
  found: unknown,
  at: Place,
  nullElement: FieldOptions["nullElement"],
): InstanceType<C>[] | undefined {
  if (found === undefined || found === null) return undefined;
  if (!Array.isArray(found)) {
    at.error("import/type", `expected a list, found ${describe(found)}`);
    return undefined;
  }
  const items: readonly unknown[] = nullElement === "none" ? found.filter((item) => item !== null) : found;
  if (items.length === 0 && found.length > 0) return undefined;
  const list = items.map((item, index) =>
    decodeBlock(type, item === null && nullElement === "empty" ? {} : item, at.element(index)),
  );
  return list.includes(undefined) ? undefined : (list as InstanceType<C>[]);
}

function coerce<C extends AnyBlockClass>(type: C, value: BlockInput<C>): InstanceType<C> {
  const given: unknown = value;
  // Most are instances already; a look at the class is cheaper than one at the prototypes.
  const isBlock = given instanceof Block || !isPlainObject(given) || isResolvable(given);
  return (isBlock ? given : new type(given as never)) as InstanceType<C>;
}

/** What to say of a token in the place of a block, which is judged and rendered when the program is synthesized. */
function tokenForBlock(hcl: string, type: string): string {
  return `a token stands in the place of ${withArticle(hcl)} block, which has to be known; write new ${type}({ … }), with tokens as its values`;
}

function listed<T>(values: readonly T[]): readonly T[] {
  if (Array.isArray(values)) return values;
  throw UserError.at("", `expected a list of blocks, found ${describe(values)}`, "field/type");
}

function apiOf(value: unknown): ApiObject {
  if (value instanceof Block) return value.toApi();
  throw UserError.at("", `expected a block, found ${describe(value)}`, "field/type");
}

/** The JSON of a block in a list. What has none is refused with the block in its path. */
function elementApi(value: unknown, index: number): ApiObject {
  try {
    return apiOf(value);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw error.below([elementStep(value, index)]);
  }
}

function isOfClass(type: AnyBlockClass, value: unknown, at: Place): boolean {
  if (value instanceof type) return true;
  if (isDeferred(value)) {
    at.error("field/type", tokenForBlock(definitionOf(type).hcl, type.name));
    return false;
  }
  at.error(
    "field/type",
    `expected ${withArticle(definitionOf(type).hcl)} block, found ${describe(value)}; write new ${type.name}({ … })`,
  );
  return false;
}
