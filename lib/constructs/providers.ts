import { ConsulProvider } from "@cdktf/provider-consul/lib/provider";
import { NomadProvider, type NomadProviderConfig } from "@cdktf/provider-nomad/lib/provider";
import type { TerraformStack } from "cdktf";

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
