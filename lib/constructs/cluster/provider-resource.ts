import { TerraformResource, type TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";
import { pauseStackTraces } from "../stack-traces";

/** A value of an attribute: what is undefined is left out. */
export type Attribute = string | number | boolean | readonly string[] | Readonly<Record<string, string>> | undefined;

/** The attributes of a block, by the names that the provider has for them. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** Nested blocks, by their names: those of one name in a list, which may have blocks in them again. */
export interface Blocks {
  readonly [name: string]: readonly Body[];
}

/** What stands in a resource or in a block of it. */
export interface Body {
  readonly attributes: Attributes;
  readonly blocks?: Blocks;
}

/**
 * A resource of Terraform's Nomad provider, in the provider's own names. The bindings end with release 2.5.2 of the provider (their package was archived in
 * December 2025) and know nothing of what came later, such as values that Terraform does not keep.
 */
export class ProviderResource extends TerraformResource {
  readonly #body: () => Body;

  /**
   * @param type such as `nomad_namespace`
   * @param body what stands in it, asked for while it is rendered
   */
  constructor(scope: Construct, id: string, type: string, body: () => Body, meta: TerraformMetaArguments = {}) {
    const resume = pauseStackTraces();
    try {
      super(scope, id, {
        ...meta,
        terraformResourceType: type,
        terraformGeneratorMetadata: { providerName: "nomad" },
      });
    } finally {
      resume();
    }
    this.#body = body;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return asJson(this.#body());
  }

  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return asHcl(this.#body());
  }
}

function asJson({ attributes, blocks = {} }: Body): Record<string, unknown> {
  const written = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const nested = Object.entries(blocks).filter(([, bodies]) => bodies.length > 0);
  return Object.fromEntries([...written, ...nested.map(([name, bodies]) => [name, bodies.map(asJson)] as const)]);
}

/** What cdktf wants to know of each value where it writes HCL. */
function asHcl({ attributes, blocks = {} }: Body): Record<string, unknown> {
  const written = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, { value, isBlock: false, ...kindOf(value) }] as const],
  );
  const nested = Object.entries(blocks).flatMap(([name, bodies]) =>
    bodies.length === 0
      ? []
      : [[name, { value: bodies.map(asHcl), isBlock: true, type: "list", storageClassType: `${name}List` }] as const],
  );
  return Object.fromEntries([...written, ...nested]);
}

function kindOf(value: NonNullable<Attribute>): { readonly type: string; readonly storageClassType: string } {
  if (Array.isArray(value)) return { type: "list", storageClassType: "stringList" };
  if (typeof value === "object") return { type: "map", storageClassType: "stringMap" };
  return { type: "simple", storageClassType: typeof value };
}
