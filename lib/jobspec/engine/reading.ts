import { type Block, definitionOf, readProps, type Rest } from "./block";
import type { BlockDefinition } from "./definition";
import { describe, isPlainObject, isTooDeep, TOO_DEEP, withArticle } from "./describe";
import type { Api, ApiObject } from "./field";
import { frozen } from "./frozen";
import { Place, type JobProblem } from "./place";
import { decodeNewer, decodeValue, UNREAD } from "./compiled-field";
import { isServerValue, SERVER_VALUES, withKnownKeys } from "./server-keys";

/**
 * Reads a block back from API JSON, collecting what is wrong at `at`.
 *
 * @param key the key under which it stood in a map
 */
export function decodeBlock<T extends Block>(
  type: new (props: never) => T,
  given: Api,
  at: Place,
  key?: string,
): T | undefined {
  if (!isPlainObject(given)) {
    at.error("import/type", `expected ${withArticle(definitionOf(type).hcl)} as an object, found ${describe(given)}`);
    return undefined;
  }
  const definition = definitionOf(type);
  const { owned, serverOnly, keysInLowerCase, hasPairs } = definition;
  // What is made of two keys is read whole, so both must be found under their names first.
  const hasOtherKeys =
    hasPairs && Object.keys(given).some((each) => !owned.has(each) && keysInLowerCase.get(each.toLowerCase()) !== each);
  const json = hasOtherKeys ? withKnownKeys(given, keysInLowerCase) : given;
  const values: unknown[] = [];
  let several: number[] | undefined;
  let carried: ApiObject | undefined;
  let unread: number[] | undefined;
  for (const api in json) {
    // null and absent are the same to Nomad, and most of what its parser gives is null.
    const found = json[api];
    if (found === null || found === undefined) continue;
    const field = owned.get(api);
    if (field) {
      // A property of two keys is read once, also where it cannot be.
      if (field.field.api.length > 1) {
        if (several?.includes(field.index)) continue;
        (several ??= []).push(field.index);
      }
      const isNewer = field.field.options.since !== undefined;
      const value: unknown = isNewer ? decodeNewer(field, found, json, at) : decodeValue(field, found, json, at);
      if (value === UNREAD) {
        carried ??= Object.create(null) as ApiObject;
        for (const each of field.field.api) if (json[each] !== undefined) carried[each] = frozen(json[each]);
        (unread ??= []).push(field.index);
        continue;
      }
      if (value === undefined) {
        // A list of nulls alone is something to a server: no block is in it, and yet it is not empty.
        if (Array.isArray(found) && found.length > 0 && found.every((item) => item === null))
          (carried ??= Object.create(null) as ApiObject)[api] = frozen(found);
        continue;
      }
      while (values.length < field.index) values.push(undefined);
      // Blocks and lists of them were made just now.
      values[field.index] = !field.coerce ? frozen(value) : Array.isArray(value) ? Object.freeze(value) : value;
      continue;
    }
    if (isTooDeep(found)) {
      at.property(api).error("import/depth", TOO_DEEP);
      continue;
    }
    const kind = serverOnly && Object.hasOwn(serverOnly, api) ? serverOnly[api] : undefined;
    if (kind === undefined && keysInLowerCase.has(api.toLowerCase()))
      return decodeBlock(type, withKnownKeys(json, keysInLowerCase), at, key);
    if (kind !== undefined && !isServerValue(found, kind))
      at.property(api).error("import/type", `expected ${SERVER_VALUES[kind]}, found ${describe(found)}`);
    if (kind === undefined)
      at.property(api).warning("import/unknown-field", `Nomad's field "${api}" is not known here; kept as it is`);
    (carried ??= Object.create(null) as ApiObject)[api] = frozen(found);
  }
  // A key that is the name says nothing new.
  const mapKey = key === undefined || nameIn(definition, values) === key ? undefined : key;
  const rest: Rest | undefined = carried || mapKey !== undefined ? { carried, unread, mapKey } : undefined;
  return new type(readProps(values, rest) as never);
}

function nameIn({ key, byName }: BlockDefinition, values: readonly unknown[]): unknown {
  const field = key === undefined ? undefined : byName.get(key);
  return field && values[field.index];
}

/** What reading a block gave: nothing where it is unreadable, and everything that was noticed. */
export interface Reading<T> {
  readonly block: T | undefined;
  readonly problems: readonly JobProblem[];
}

/** Reads a block from API JSON. */
export function readBlock<T extends Block>(type: new (props: never) => T, json: Api): Reading<T> {
  const problems: JobProblem[] = [];
  const block = decodeBlock(type, json, Place.root(problems));
  return { block: problems.some(({ severity }) => severity === "error") ? undefined : block, problems };
}
