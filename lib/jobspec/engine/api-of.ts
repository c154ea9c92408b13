import type { Fields } from "./field";

/** What a field is in API JSON, as types: its key, what is written there, and what a server makes of it. */
export type Part<Key extends string, Written, Filled extends boolean = false, Held = Written> = {
  readonly [K in Key]: { readonly written: Written; readonly held: Held; readonly filled: Filled };
};

/** Whether the options of a field name a default. */
export type HasDefault<O> = O extends { readonly default: unknown } | { readonly defaultByType: object } ? true : false;

/** Whether a server fills in the whole block. */
export type IsFilledIn<O> = O extends { readonly filledIn: true } ? true : false;

/** The class of a block, as far as its fields go. */
export interface WithFields<F extends Fields, A extends string = string> {
  /** For the types alone: the fields of its blocks. No class has them. */
  readonly fields?: F;
  /** For the types alone: what Nomad's API calls its blocks. No class has it. */
  readonly api?: A;
}

/** What Nomad's API calls the blocks of a class, such as `RestartPolicy`. */
export type ApiNameOf<C> = C extends WithFields<infer _F, infer A> ? A : never;

type FieldsOf<C> = C extends WithFields<infer F> ? F : never;
type PartOf<T> = T extends { readonly json?: infer Json } ? Json : never;
type Parts<C> = { readonly [K in keyof FieldsOf<C>]: NonNullable<PartOf<FieldsOf<C>[K]>> }[keyof FieldsOf<C>];
type Keys<P> = P extends unknown ? keyof P : never;
type At<P, K> = P extends unknown ? (K extends keyof P ? P[K] : never) : never;
type FilledKeys<P, K> = K extends unknown ? (At<P, K> extends { readonly filled: true } ? K : never) : never;
type Written<P> = P extends { readonly written: infer W } ? W : never;
type Held<P> = P extends { readonly held: infer H } ? H : never;

/**
 * The API JSON of a block, by its class: `ApiOf<typeof TaskGroup>`. Everything may be left out or null, as in what a server answers.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs/json-jobs
 */
export type ApiOf<C> = { readonly [K in Keys<Parts<C>>]?: Written<At<Parts<C>, K>> | null };

/** The API JSON of a block with the defaults filled in, by its class: what has one is there. */
export type EffectiveOf<C> = {
  readonly [K in FilledKeys<Parts<C>, Keys<Parts<C>>>]: Held<At<Parts<C>, K>>;
} & {
  readonly [K in Exclude<Keys<Parts<C>>, FilledKeys<Parts<C>, Keys<Parts<C>>>>]?: Held<At<Parts<C>, K>> | null;
};
