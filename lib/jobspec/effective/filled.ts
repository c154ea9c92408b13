import type { JobBlock } from "../blocks/host";
import { definitionOf, isPlainObject, type Api, type ApiObject, type BlockDefinition, type Field } from "../engine";

/** What a server fills in where a field is left out, as API JSON; undefined where it has no default. */
export function defaultOf({ options }: Field, type: string): Api {
  const byType = options.defaultByType;
  return (byType && Object.hasOwn(byType, type) ? byType[type] : undefined) ?? options.default;
}

/** Whether a server fills in the whole block where it is left out. */
export function isFilledIn({ options: { filledIn = false } }: Field, type: string): boolean {
  return typeof filledIn === "boolean" ? filledIn : filledIn.includes(type);
}

/** The definition of the blocks that a field holds; undefined where it holds none. */
export function innerOf(field: Field): BlockDefinition | undefined {
  return field.of && definitionOf(field.of() as typeof JobBlock);
}

/** What a field holds, with every block in it changed. */
export function eachBlock(value: Api, { kind }: Field, change: (block: ApiObject) => ApiObject): Api {
  const changed = (item: unknown): unknown => (isPlainObject(item) ? change(item) : item);
  if (Array.isArray(value)) return value.map(changed);
  if (kind !== "block-map" || !isPlainObject(value)) return changed(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(item)]));
}

/**
 * A block as API JSON with the defaults of its definition, and of the blocks in it, by the type of the job. What is there and undefined is left
 * out, also where it has a default.
 */
export function filled(json: ApiObject, definition: BlockDefinition, type: string): ApiObject {
  const out: ApiObject = {};
  for (const key in json) if (json[key] !== undefined) out[key] = json[key];
  for (const { field } of definition.list) {
    const inner = innerOf(field);
    for (const key of field.api) {
      const value = out[key];
      if (inner && value !== undefined && value !== null)
        out[key] = eachBlock(value, field, (block) => filled(block, inner, type));
      else if (isLeftOut(value, field) && !(value === undefined && Object.hasOwn(json, key))) {
        const usual = inner && isFilledIn(field, type) ? filled({}, inner, type) : defaultOf(field, type);
        if (usual !== undefined) out[key] = usual;
      }
    }
  }
  return out;
}

/** Whether a server takes a value for none. */
function isLeftOut(value: Api, { options }: Field): boolean {
  if (value === undefined || value === null) return true;
  return !options.nullable && (value === "" || value === 0 || (Array.isArray(value) && value.length === 0));
}
