import { definitionOf, isPlainObject, nearestOf, type ApiObject, type Block, type BlockDefinition } from "../engine";

/** An option that a driver does not have. */
export interface UnknownOption {
  /** Where it stands in the configuration: its name, behind those of the blocks around it. */
  readonly steps: readonly string[];
  readonly message: string;
}

/** The options of a driver's configuration, and of the blocks in it, that the driver does not have. */
export function unknownOptions(
  { owned }: BlockDefinition,
  config: Readonly<ApiObject>,
  around: readonly string[] = [],
): readonly UnknownOption[] {
  return Object.entries(config).flatMap(([key, value]): readonly UnknownOption[] => {
    if (value === null || value === undefined) return [];
    const steps = [...around, key];
    const field = owned.get(key)?.field;
    if (!field) return [{ steps, message: withoutOption(key, [...owned.keys()]) }];
    if (!field.of) return [];
    const inner = definitionOf(field.of() as abstract new (...args: never[]) => Block);
    // A block stands as a list of objects, or as an object by itself.
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.filter(isPlainObject).flatMap((item) => unknownOptions(inner, item, steps));
  });
}

function withoutOption(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  const meant = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
  return `has no option "${name}"${meant}`;
}
