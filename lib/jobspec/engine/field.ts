import type { Place } from "./place";
import type { Fault } from "./fault";

/** JSON of Nomad's HTTP API. */
export type Api = unknown;
/** One object of it. */
export type ApiObject = Record<string, Api>;

/** What a field holds, for documentation, schemas and HCL. */
export type FieldKind =
  | "string"
  | "int"
  | "bool"
  | "duration"
  | "mebibytes"
  | "strings"
  | "numbers"
  | "string-map"
  | "strings-map"
  | "any-map"
  | "block"
  | "blocks"
  | "block-map"
  | "special";

/** How values of one kind are told from others and turned into JSON and back. */
export interface Codec<T> {
  readonly kind: FieldKind;
  /** Why this is no such value, or undefined where it is one. */
  wrong(value: unknown): string | undefined;
  toJson(value: T): Api;
  /** Undefined where the JSON holds no such value. */
  fromJson(json: Api): T | undefined;
  /** Whether a value is its own JSON. Default: false. */
  readonly plain?: boolean;
}

/** What is true of a field whatever it holds. */
export interface FieldOptions {
  /** Must be given in TypeScript. Default: false. */
  readonly required?: boolean;
  /** The name in HCL. Default: the property in snake_case. */
  readonly hcl?: string;
  /** What Nomad fills in where it is left out, as API JSON. Default: the empty value. */
  readonly default?: Api;
  /** What Nomad fills in, by the job's type, where it depends on that. Default: `default` for every type. */
  readonly defaultByType?: Readonly<Record<string, Api>>;
  /** Whether Nomad fills in the whole block where it is left out, or for which types of jobs it does. Default: false. */
  readonly filledIn?: boolean | readonly string[];
  /** Whether a map is written in HCL with an equals sign, or may be where a key is no name; else it is a block. Default: "never". */
  readonly assigned?: "always" | "possible" | "never";
  /** Whether what is left out comes from a block around it, and is no default where that has another. Default: false. */
  readonly inherited?: boolean;
  /** Whether Nomad tells the empty value (0, false, "") from none. Default: false. */
  readonly nullable?: boolean;
  /** First Nomad version that knows it. Default: 1.8 or earlier. */
  readonly since?: string;
  /** First Nomad version that does nothing with it any more. Default: none. */
  readonly until?: string;
  /** What to write instead. Default: not deprecated. */
  readonly deprecated?: string;
  /** Only Nomad Enterprise takes it; `ignored` where open source lets it pass without acting on it. Default: false. */
  readonly enterprise?: boolean | "ignored";
  /**
   * What Nomad makes of a null in the place of an element of a list or map of blocks: an element with nothing set, or none at all. Where it
   * makes nothing of it its server crashes, and the null is refused. Default: refused.
   */
  readonly nullElement?: "empty" | "none";
  /**
   * Whether a rule judges its limits and the field itself does not, since what counts depends on where the block stands: what a group inherits from
   * its job, for example. Default: false.
   */
  readonly judgedByRule?: boolean;
  /**
   * Nomad takes the job all the same where this is left out, unknown or out of range: then it is a warning, at which
   * synthesis stops unless it is told otherwise. Default: false.
   */
  readonly lenient?: boolean;
}

/** A block of the model, as far as a field needs to know. */
interface HclBlock {
  toApi(): ApiObject;
}

/** A part of a block in HCL: an attribute, a nested block of the model, or one of free-form JSON. */
export type HclPart =
  | { readonly attribute: string; readonly value: Api }
  | { readonly block: string; readonly label?: string; readonly of: HclBlock }
  | { readonly block: string; readonly body: Readonly<ApiObject> };

/**
 * One property of a block: how it is written (`In`), how it reads (`Out`), how it is rendered and read
 * back. Everything that is done with a field goes through these functions; a block is a record of them.
 */
export interface Field<In = unknown, Out = In, Required extends boolean = boolean, Json = unknown> {
  /** For the types alone: what it is in API JSON. No field has one. */
  readonly json?: Json;
  readonly kind: FieldKind;
  /** The API keys it owns: one, but for a few properties that stand for two. */
  readonly api: readonly string[];
  readonly required: Required;
  readonly options: FieldOptions;
  /** The class of the nested block, where it is one. */
  readonly of?: () => unknown;
  /** The values it takes, where they are few. */
  readonly values?: readonly string[];
  /** Turns what was written into what is held, such as plain properties into their class. */
  readonly coerce?: (value: In) => Out;
  /** Writes the value into the block's JSON. The value has been coerced. */
  encode(value: Out, out: ApiObject): void;
  /** How its values are told from others, and turned into JSON and back, where that is all there is to them. */
  readonly codec?: Codec<Out>;
  /** Reads it back; undefined where the JSON has none. Problems go to `at`. */
  decode(json: ApiObject, at: Place): Out | undefined;
  /** Where an element is in the block's JSON, for lists that Nomad keeps in two. Default: in the list of its key, at its index. */
  element?(value: Out, index: number): readonly (string | number)[];
  /** Its parts in HCL, for fields of a kind of their own. */
  hcl?(value: Out): readonly HclPart[];
  /** What is wrong with a value of the right kind, in words: its limits, whoever judges them. */
  judge?(value: Out): string | undefined;
  /** What is wrong with the value, for fields whose value is one plain thing. */
  fault?(value: Out): Fault | undefined;
  /** Reports what is wrong with the value by itself. */
  check(value: Out, at: Place, context: CheckContext): void;
}

/** Which Nomad the job is for. */
export interface CheckContext {
  /** The oldest version that must take the job. Default: 1.11. */
  readonly nomadVersion: string;
  /** Whether that cluster is Nomad Enterprise. Default: false. */
  readonly enterprise: boolean;
  /** Whether its scheduler lets tasks use more memory than they reserve. Default: false. */
  readonly memoryOversubscription: boolean;
}

/** The properties of a block, by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a record of fields of any types
export type Fields = Readonly<Record<string, Field<any, any, boolean, any>>>;

type RequiredNames<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer _In, infer _Out, true, infer _Json> ? K : never;
}[keyof F];

type InputOf<T> = T extends Field<infer In, infer _Out, boolean, infer _Json> ? In : never;
type OutputOf<T> = T extends Field<infer _In, infer Out, boolean, infer _Json> ? Out : never;

// Written over a list of names and not with `as`, so that each property keeps its doc comment on hover.
type RequiredInputs<F extends Fields, K extends keyof F> = { readonly [P in K]: InputOf<F[P]> };
type OptionalInputs<F extends Fields, K extends keyof F> = { readonly [P in K]?: InputOf<F[P]> | undefined };

/** What a person writes to make a block. */
export type InputsOf<F extends Fields> = RequiredInputs<F, RequiredNames<F>> &
  OptionalInputs<F, Exclude<keyof F, RequiredNames<F>>>;

type RequiredOutputs<F extends Fields, K extends keyof F> = { readonly [P in K]: OutputOf<F[P]> };
type OptionalOutputs<F extends Fields, K extends keyof F> = { readonly [P in K]: OutputOf<F[P]> | undefined };

/** What a made block reads as: the same names, nested blocks as their classes. */
export type OutputsOf<F extends Fields> = RequiredOutputs<F, RequiredNames<F>> &
  OptionalOutputs<F, Exclude<keyof F, RequiredNames<F>>>;
