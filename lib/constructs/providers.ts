import { ConsulProvider } from "@cdktf/provider-consul/lib/provider";
import { NomadProvider, type NomadProviderConfig } from "@cdktf/provider-nomad/lib/provider";
import { TerraformProvider, TerraformResource, TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";

/**
 * The stack's Nomad provider, or the one for a region. Made at the first call. It holds no address and no token:
 * NOMAD_ADDR, NOMAD_TOKEN, NOMAD_CACERT, NOMAD_REGION and their kind are read when Terraform runs.
 *
 * @see https://registry.terraform.io/providers/hashicorp/nomad/latest/docs
 */
export function nomadProvider(stack: TerraformStack, region?: string): NomadProvider {
  const id = region === undefined ? "nomad" : `nomad-${region}`;
  const existing = stack.node.tryFindChild(id);
  if (existing instanceof NomadProvider) return existing;
  // The binding's type asks for an address, although the provider takes NOMAD_ADDR.
  const config = (region === undefined ? {} : { alias: region, region }) as NomadProviderConfig;
  return new NomadProvider(stack, id, config);
}

/**
 * The stack's Consul provider. Made at the first call. CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN and their kind are read when
 * Terraform runs.
 *
 * @see https://registry.terraform.io/providers/hashicorp/consul/latest/docs
 */
export function consulProvider(stack: TerraformStack): ConsulProvider {
  const existing = stack.node.tryFindChild("consul");
  return existing instanceof ConsulProvider ? existing : new ConsulProvider(stack, "consul");
}

/**
 * Gives every stack that has something of Nomad, and no provider for it, the stack's own: who synthesizes a program calls it once all of it is there.
 *
 * @param scope the program
 */
export function provideNomad(scope: IConstruct): void {
  for (const stack of scope.node.findAll().filter((construct) => TerraformStack.isStack(construct))) {
    const all = stack.node.findAll();
    const asks = all.some(
      (each) => TerraformResource.isTerraformResource(each) && isOfNomad(each.terraformResourceType),
    );
    const has = all.some(
      (each) => TerraformProvider.isTerraformProvider(each) && each.terraformResourceType === "nomad",
    );
    if (asks && !has) nomadProvider(stack);
  }
}

function isOfNomad(type: string): boolean {
  return type.startsWith("nomad_");
}
