/** Jobs as HCL, in the form in which `nomad fmt` leaves them. */
import { type Path, type Problem, UserError } from "../../errors";
import {
  type Block,
  definitionOf,
  isEmptyValue,
  isPlainObject,
  unknownPlaces,
  type ApiObject,
  type Field,
  type HclPart,
} from "../engine";
import { hcl, isIdentifier, label as labelText, named, type HclText } from "./code";
import { attributeLines, layout, type Line } from "./layout";
import { nameInHcl } from "./name";
import { value } from "./values";

export { nameInHcl, snakeCase } from "./name";

/**
 * A block of a job as HCL.
 *
 * @throws UserError where something has no HCL, such as a field of `overrides`, or a value that only Terraform knows
 */
export function toHcl(block: Block): string {
  const unknown = unknownPlaces(block);
  if (unknown.length > 0) throw new UserError(unknown.map(withoutHcl));
  return layout(blockLines(definitionOf(block).hcl, undefined, block, 0));
}

/** HCL is read by Nomad, which knows nothing of Terraform's values. */
function withoutHcl(path: Path): Problem {
  const message = "is known to Terraform only, and HCL has no way to write that; write a value, or deploy the job";
  return { rule: "render/hcl", path, message, severity: "error" };
}

function blockLines(name: string, label: string | undefined, block: Block, depth: number): readonly Line[] {
  return within(name, () => linesOf(name, label, block, depth));
}

/** Writes something inside of a block, whose name comes before the place of what cannot be written. */
function within<T>(name: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw error instanceof UserError ? error.below([name]) : error;
  }
}

function linesOf(name: string, label: string | undefined, block: Block, depth: number): readonly Line[] {
  const rest = Object.entries(block.overridden() ?? {}).flatMap(([key, held]) => (held === null ? [] : [key]));
  if (rest.length > 0) {
    const message = `HCL has no word for ${rest.map((key) => `"${key}"`).join(", ")}; render the job as JSON`;
    throw UserError.at("", message, "render/hcl");
  }
  const attributes: Line[] = [];
  const blocks: (readonly Line[])[] = [];
  for (const part of partsOf(block)) {
    if ("attribute" in part)
      attributes.push(...attributeLines(depth + 1, named(part.attribute), value(part.value, depth + 1)));
    else if ("of" in part) blocks.push(blockLines(part.block, part.label, part.of as Block, depth + 1));
    else blocks.push(within(part.block, () => freeBlock(part.block, part.body, depth + 1)));
  }
  const own = label ?? labelOf(block);
  const head = own === undefined ? named(name) : hcl`${named(name)} ${labelText(own)}`;
  return wrapped(head, attributes, blocks, depth);
}

/** A block around its attributes and then its blocks, with room between them. */
function wrapped(
  head: HclText,
  attributes: readonly Line[],
  blocks: readonly (readonly Line[])[],
  depth: number,
): readonly Line[] {
  if (attributes.length === 0 && blocks.length === 0) return [{ depth, lead: hcl`${head} {}` }];
  const parts = [...(attributes.length > 0 ? [attributes] : []), ...blocks];
  const inner = parts.flatMap((part, index) => (index === 0 ? part : [{ depth: 0, lead: hcl`` }, ...part]));
  return [{ depth, lead: hcl`${head} {` }, ...inner, { depth, lead: hcl`}` }];
}

/** What stands behind a block's name. */
function labelOf(block: Block): string | undefined {
  const { key, byName } = definitionOf(block);
  const of = key === undefined ? undefined : byName.get(key);
  return of?.field.options.hcl === "" ? block.mapKey : undefined;
}

function partsOf(block: Block): readonly HclPart[] {
  const { list } = definitionOf(block);
  const values = block as unknown as ApiObject;
  const parts: HclPart[] = [];
  for (const { name, field } of list) {
    const held = values[name];
    if (held === undefined || held === null) continue;
    if (field.hcl) parts.push(...field.hcl(held));
    else parts.push(...usual(name, field, held, values));
  }
  return parts;
}

function usual(property: string, field: Field, held: unknown, values: ApiObject): readonly HclPart[] {
  const name = nameInHcl(property, field);
  // An empty value that is the same as none says nothing, and a list of none is told from no list; a name that is the label says nothing new.
  const isList = field.kind === "strings" || field.kind === "numbers";
  if (name === "" || (!field.options.nullable && !isList && isEmptyValue(held))) return [];
  if (property === "name" && held === values.id && field.options.nullable) return [];
  switch (field.kind) {
    case "block":
      return [{ block: name, of: held as Block }];
    case "blocks":
    case "block-map":
      return (held as readonly Block[]).map((of) => ({ block: name, of }));
    case "string-map":
    case "strings-map":
    case "any-map":
      return [asBlock(name, field, held as ApiObject)];
    case "duration":
      return [{ attribute: name, value: String(held) }];
    default: {
      const out: ApiObject = {};
      field.encode(held, out);
      return [{ attribute: name, value: out[field.api[0] as string] }];
    }
  }
}

/** A map is a block where its keys can be names of attributes, and for most maps Nomad knows no other form. */
function asBlock(name: string, field: Field, held: ApiObject): HclPart {
  const { assigned = "never" } = field.options;
  const asValue = assigned === "always" || (assigned === "possible" && !Object.keys(held).every(isIdentifier));
  return asValue ? { attribute: name, value: held } : { block: name, body: held };
}

/** A block of free-form JSON: lists of objects are what HCL's parser makes of blocks. */
function freeBlock(name: string, body: Readonly<ApiObject>, depth: number): readonly Line[] {
  const attributes: Line[] = [];
  const blocks: (readonly Line[])[] = [];
  for (const [key, item] of Object.entries(body)) {
    if (item === undefined) continue;
    if (!isIdentifier(key))
      throw UserError.at("", `HCL has no way to write the key "${key}" here; render the job as JSON`, "render/hcl");
    if (isBlocks(item)) blocks.push(...item.map((each) => freeBlock(key, each, depth + 1)));
    else attributes.push(...attributeLines(depth + 1, named(key), value(item, depth + 1)));
  }
  return wrapped(named(name), attributes, blocks, depth);
}

/**
 * Whether a list can be written as blocks, one for each object. Nomad's parser makes a list of one of every object in a block's body, but
 * leaves those alone that stand in a list of objects; so blocks are only for bodies without any.
 */
function isBlocks(item: unknown): item is readonly ApiObject[] {
  return Array.isArray(item) && item.length > 0 && item.every((each) => isPlainObject(each) && isBody(each));
}

function isBody(body: ApiObject): boolean {
  return Object.entries(body).every(
    ([key, item]) => isIdentifier(key) && !isPlainObject(item) && (!hasObjects(item) || isBlocks(item)),
  );
}

function hasObjects(item: unknown): boolean {
  return Array.isArray(item) && item.some((each) => isPlainObject(each));
}
