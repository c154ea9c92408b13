import { TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { UserError } from "../errors";
import { setContext } from "./context";

const CONTEXT = "cdk-nomad/nomad-provider";

/** The release that the bindings of cdktf were made for, the last one that they know. */
const OF_BINDINGS = "2.5.2";
/** Required where a stack has something that only a newer release serves. */
const NEWER = "2.6.1";

/**
 * Says, for a program or a part of it, which release of Terraform's Nomad provider is required. Said before anything is added to that part.
 *
 * Where nobody says it: 2.5.2, for which the bindings were made; and 2.6.1 in a stack that has something which only that serves: a job with a scaling policy,
 * whose counts it leaves alone (`preserve_counts`), or a NomadVariable, whose values it does not keep.
 *
 * @param version a version, such as "2.6.1"
 * @throws UserError where it is none, and where something was added to that part before
 * @see https://registry.terraform.io/providers/hashicorp/nomad/latest
 */
export function useNomadProvider(scope: IConstruct, version: string): void {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw UserError.at("useNomadProvider", `"${version}" is no version; write 2.6.1, say`, "provider/version");
  setContext("useNomadProvider", scope, CONTEXT, version);
}

/** The release that is required here, where somebody said so. */
export function providerVersion(scope: IConstruct): string | undefined {
  return scope.node.tryGetContext(CONTEXT) as string | undefined;
}

/** Has a stack require the newer release, where nobody said another one. */
export function requireProvider26(scope: IConstruct): void {
  const stack = TerraformStack.of(scope);
  const version = providerVersion(scope) ?? NEWER;
  stack.addOverride("terraform.required_providers.nomad.version", version);
  if (!isRequired(stack)) stack.node.addMetadata(REQUIRED, version);
}

const REQUIRED = "cdk-nomad/provider-required";

function isRequired(stack: TerraformStack): boolean {
  return stack.node.metadata.some(({ type }) => type === REQUIRED);
}

/** Whether the provider knows `preserve_counts`. */
export function takesPreserveCounts(scope: IConstruct): boolean {
  return isSince26(scope);
}

/** Whether the provider writes values that Terraform does not keep. */
export function takesWriteOnly(scope: IConstruct): boolean {
  return isSince26(scope);
}

/** Whether the provider says the version of a job that it applied: where somebody said that it is new enough, since the outputs of a stack stay what they are. */
export function providerKnowsVersion(scope: IConstruct): boolean {
  return providerVersion(scope) !== undefined && isSince26(scope);
}

function isSince26(scope: IConstruct): boolean {
  const version = providerVersion(scope) ?? (isRequired(TerraformStack.of(scope)) ? NEWER : OF_BINDINGS);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 6);
}
