import type { Field } from "../engine";

/** The name of a property in HCL. Empty where HCL has no name for it, as for a block's label. */
export function nameInHcl(property: string, { options }: Pick<Field, "options">): string {
  return options.hcl ?? snakeCase(property);
}

/** A property as HCL spells it where it has no name of its own there: `maxParallel` as `max_parallel`. */
export function snakeCase(property: string): string {
  return property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
