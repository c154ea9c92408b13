import { dirname } from "node:path";
import { otherClusterFolderAt, type EmbeddedCluster } from "../local";
import { isThisMachine } from "../nomad";
import { shellQuoted } from "../text";

/** What points other programs at the embedded cluster of the project in whose folder it is run. */
const POINT_THERE = 'eval "$(npx cdk-nomad env)"';

/** Whether an address is one of this machine. */
export function isOnThisMachine(address: string): boolean {
  return URL.canParse(address) && isThisMachine(new URL(address).hostname);
}

/**
 * The folder of another project, such as a second clone, whose embedded cluster answers at an address; undefined where none is known to.
 *
 * @param own the embedded cluster of the project that the command runs in
 */
export function otherProjectAt(address: string, own: EmbeddedCluster | undefined): string | undefined {
  const folder = isOnThisMachine(address) ? otherClusterFolderAt(address, own?.folder ?? "") : undefined;
  return folder === undefined ? undefined : dirname(folder);
}

/** Where tokens of the embedded cluster that answers at an address are, in words for a refusal; undefined where no embedded one is known to answer there. */
export function tokenSource(
  address: string,
  program: "nomad" | "consul",
  own: EmbeddedCluster | undefined,
): string | undefined {
  if (own?.hasAddress(address, program)) return `for the embedded cluster of this project: ${POINT_THERE}`;
  const project = otherProjectAt(address, own);
  return project === undefined
    ? undefined
    : `for the embedded cluster of ${project}: cd ${shellQuoted(project)} && ${POINT_THERE}`;
}
