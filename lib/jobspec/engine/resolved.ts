import type { BlockDefinition } from "./definition";
import type { Fields, OutputsOf } from "./field";

/** The names of the fields that have a default whatever the job is. */
type Filled<F extends Fields> = {
  [K in keyof F]: NonNullable<F[K]["json"]> extends infer Json
    ? Json extends Readonly<Record<string, { readonly filled: true }>>
      ? K
      : never
    : never;
}[keyof F];

/** What a block reads as with the defaults of its definition: what has one is there. */
export type ResolvedOf<F extends Fields> = {
  readonly [K in keyof OutputsOf<F>]: K extends Filled<F> ? NonNullable<OutputsOf<F>[K]> : OutputsOf<F>[K];
};

/** The properties of a block with the defaults of its definition in the places of those that were not written. */
export function resolved({ list }: BlockDefinition, values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const { name, index, field, take } of list) {
    const { default: byDefault } = field.options;
    const value = values[index] ?? (byDefault === undefined ? undefined : take?.(byDefault));
    if (value !== undefined) out[name] = value;
  }
  return Object.freeze(out);
}
