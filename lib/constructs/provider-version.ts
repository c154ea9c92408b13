import type { IConstruct } from "constructs";
import { UserError } from "../jobspec";

const CONTEXT = "cdk-nomad/nomad-provider";

/**
 * Says, for a program or a part of it, which release of Terraform's Nomad provider is required in the place of the one that the
 * bindings were made for, 2.5.2. From 2.6 on it takes `preserve_counts`. Said before anything is added to that part.
 *
 * @param version a version, such as "2.6.1"
 * @throws UserError where it is none
 * @see https://registry.terraform.io/providers/hashicorp/nomad/latest
 */
export function useNomadProvider(scope: IConstruct, version: string): void {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw UserError.at("useNomadProvider", `"${version}" is no version; write 2.6.1, say`, "provider/version");
  scope.node.setContext(CONTEXT, version);
}

/** The release that is required here, where somebody said so. */
export function providerVersion(scope: IConstruct): string | undefined {
  return scope.node.tryGetContext(CONTEXT) as string | undefined;
}

/** Whether the provider knows `preserve_counts`. */
export function takesPreserveCounts(scope: IConstruct): boolean {
  return isSince26(scope);
}

/** Whether the provider says the version of a job that it applied. */
export function providerKnowsVersion(scope: IConstruct): boolean {
  return isSince26(scope);
}

function isSince26(scope: IConstruct): boolean {
  const [major = 0, minor = 0] = (providerVersion(scope) ?? "2.5.2").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 6);
}
