import { UserError } from "../errors";
import { isConsulServer } from "./agents";
import type { ClusterStatus } from "./cluster-status";

/** What the cluster shall be like. */
export interface ClusterSettings {
  readonly portOffset: number;
  readonly regions: readonly string[];
  readonly closed: boolean;
  readonly vault: boolean;
}

/** A cluster that runs keeps its ports, its regions, and what it is made of. */
export function refuseChangedSettings(
  before: ClusterStatus,
  { portOffset, regions, closed, vault }: ClusterSettings,
): void {
  if (!before.agents.some(({ running }) => running)) return;
  if (portOffset !== before.portOffset)
    throw UserError.at(
      "--port-offset",
      `the cluster runs with ${before.portOffset} already; run cdk-nomad down first`,
      "ports",
    );
  if (regions.join() !== before.regions.join())
    throw UserError.at(
      "--regions",
      `the cluster runs with ${before.regions.join(",")} already; run cdk-nomad down first`,
      "regions",
    );
  if (closed !== before.closed)
    throw UserError.at(
      closed ? "--closed" : "--open",
      `the cluster runs already, and ${before.closed ? "asks" : "does not ask"} for tokens; run cdk-nomad down first`,
      "acl",
    );
  if (vault !== before.vault)
    throw UserError.at(
      "--vault",
      "the cluster runs without it already, and its Nomad looks for it when it starts; run cdk-nomad down first",
      "vault",
    );
}

/**
 * A closed cluster of an older release goes on as it is, but gets no new agents: what lives of it speaks with everybody, and what is started now does not.
 */
export function refuseOldForm({ agents, closed, peersOnly, folder }: ClusterStatus): void {
  // Where the server of Consul has ended, nothing of it goes on.
  if (!closed || peersOnly || !agents.some(({ name, running }) => running && isConsulServer(name))) return;
  const missing = agents.filter(({ ready }) => !ready).map(({ name }) => name);
  throw UserError.at(
    folder,
    `is the cluster of an older release, ${missing.join(" and ")} of it ${missing.length === 1 ? "is" : "are"} missing, and nothing can be added to it; run cdk-nomad down, then cdk-nomad up`,
    "acl",
  );
}
