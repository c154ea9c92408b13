import { compiled, type CompiledField } from "./compiled-field";
import type { Fields } from "./field";
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
