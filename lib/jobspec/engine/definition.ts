import type { Api, Field, Fields } from "./field";
import type { ServerValue } from "./server-keys";

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

/**
 * A field as the walks over blocks want it: all of one shape, since they look at hundreds of kinds, and with what they need not do for it, which is derived here
 * and nowhere else.
 */
export interface CompiledField {
  readonly name: string;
  readonly field: Field;
  /** Its place among the fields of its block, which is the place of its value. */
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
  /** Reads the value of its one key, where there is nothing to say of it; undefined where `decode` must look. */
  readonly take: ((found: Api) => unknown) | undefined;
  readonly decode: Field["decode"];
  readonly fault: Field["fault"];
  readonly check: Field["check"];
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

/** Works out what the walks over blocks want to know. */
export function defined(info: BlockInfo, fields: Fields): BlockDefinition {
  const list = Object.entries(fields).map(([name, field], index) => compiled(name, field, index));
  return {
    ...info,
    fields,
    list,
    byName: new Map(list.map((field) => [field.name, field])),
    required: list.filter(({ field }) => field.required),
    owned: new Map(list.flatMap((each) => each.field.api.map((api) => [api, each] as const))),
    hasPairs: list.some(({ field }) => field.api.length > 1),
    keysInLowerCase: new Map(
      [...list.flatMap(({ field }) => field.api), ...Object.keys(info.serverOnly ?? {})].map((api) => [
        api.toLowerCase(),
        api,
      ]),
    ),
  };
}

function compiled(name: string, field: Field, index: number): CompiledField {
  const { coerce, encode, decode, fault, check, codec, judge, options } = field;
  const marked =
    options.enterprise !== undefined ||
    options.since !== undefined ||
    options.until !== undefined ||
    options.deprecated !== undefined;
  const plain = codec?.plain ?? false;
  const isUnjudged = judge === undefined || options.judgedByRule === true;
  return {
    name,
    field,
    index,
    api: field.api[0] as string,
    plain,
    marked,
    quiet: plain && isUnjudged && !marked,
    coerce,
    encode,
    take: codec && ((found) => (isHalfAPair(found) ? undefined : codec.fromJson(found))),
    decode,
    fault,
    check,
  };
}

/** Whether this is a text that is none in UTF-8, of which `decode` says so. */
function isHalfAPair(found: Api): boolean {
  return typeof found === "string" && !found.isWellFormed();
}
