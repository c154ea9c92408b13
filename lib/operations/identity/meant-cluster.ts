import { UserError } from "../../errors";
import type { DeclaredCluster } from "../stack";
import { isSameCluster, type ClusterIdentity } from "./cluster-identity";
import { refuseOtherThanDeclared } from "./declared";
import type { LastCluster } from "./last-clusters";
import { shellQuoted } from "../../text";

/** What is known of where a stack is, and of where it is meant to be. */
export interface MeantCluster {
  readonly stack: string;
  /** The cluster that answers. */
  readonly here: ClusterIdentity;
  /** Whether that is the embedded cluster of the project, which is nobody else's. */
  readonly isEmbedded: boolean;
  /** What the stack says. */
  readonly declared?: DeclaredCluster;
  /** Where it went the last time from this project. */
  readonly last?: LastCluster;
  /** Whether there is a record of the stack here: then it has been here before. Unknown where it cannot be read. */
  readonly isRecorded: boolean | "unknown";
  /** Whether somebody said that it is to be brought to another cluster than before. */
  readonly toNewCluster: boolean;
}

/**
 * Refuses to change something of a stack on a cluster that it is not for: by what it says itself, else by where it went before.
 *
 * @throws UserError with where it is for, and what to write
 */
export function refuseUnmeant(known: MeantCluster): void {
  const { stack, here, declared, last } = known;
  if (declared) refuseOtherThanDeclared(stack, declared, here);
  if (known.isEmbedded || known.isRecorded === true || known.toNewCluster || last === undefined) return;
  // A region alone tells no clusters apart: most have the same one.
  const isKnownByName = declared && (declared.address ?? declared.consulDatacenter ?? declared.consulId) !== undefined;
  if (isKnownByName || isSameCluster(last, here)) return;
  const before = last.embedded ? "the embedded cluster of this project" : last.address;
  const way = last.embedded
    ? 'point there with: eval "$(npx cdk-nomad env)"'
    : `write its address into NOMAD_ADDR and CONSUL_HTTP_ADDR`;
  const record =
    known.isRecorded === "unknown" ? "whose record of it cannot be read, if it has one" : "which has no record of it";
  throw UserError.at(
    stack,
    `went to ${before} the last time, and the cluster at ${here.address} is another one, ${record}; ${way}, or bring it here too with: cdk-nomad deploy ${shellQuoted(stack)} --to-new-cluster`,
    "cluster",
  );
}
