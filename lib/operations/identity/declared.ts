import { type Problem, UserError } from "../../errors";
import type { DeclaredCluster } from "../stack";
import type { ClusterIdentity } from "./cluster-identity";

/** What is declared by which name, and what it is called. */
const KNOWN = {
  region: { of: "Nomad's region", way: "use a token that may read the agent, or name the region in NOMAD_REGION" },
  consulDatacenter: { of: "Consul's datacenter", way: "use a token that may read the agent" },
  consulId: { of: "Consul's cluster id", way: "see whether CONSUL_HTTP_ADDR is right, and Connect is enabled there" },
} as const;

/**
 * Refuses a cluster that is another one than the stack says that it is for. What cannot be found out is refused as well, with how it can be.
 *
 * @throws UserError with everything that is not as it was said
 */
export function refuseOtherThanDeclared(stack: string, declared: DeclaredCluster, found: ClusterIdentity): void {
  const problems: Problem[] = [];
  const refuse = (message: string) => problems.push({ rule: "cluster", path: [stack], message, severity: "error" });
  const { address } = declared;
  if (address !== undefined && !addressPattern(address).test(withoutEnd(found.address)))
    refuse(`is for the Nomad at ${address}, and NOMAD_ADDR names ${found.address}; nothing was changed`);
  for (const [name, { of, way }] of Object.entries(KNOWN) as [keyof typeof KNOWN, (typeof KNOWN)["region"]][]) {
    const [wanted, has] = [declared[name], found[name]];
    if (wanted === undefined || wanted === has) continue;
    refuse(
      has === undefined
        ? `is for a cluster where ${of} is "${wanted}", and that is not known here: ${way}; nothing was changed`
        : `is for a cluster where ${of} is "${wanted}", and here it is "${has}"; nothing was changed`,
    );
  }
  if (problems.length > 0) throw new UserError(problems);
}

/** Addresses that a pattern means: `*` stands for any characters. */
function addressPattern(pattern: string): RegExp {
  const parts = withoutEnd(pattern)
    .split("*")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i");
}

function withoutEnd(address: string): string {
  return address.replace(/\/+$/, "");
}
