import type { JobAcl } from "./access";
import type { Machine, Progress } from "./machine";
import type { VaultRole } from "./vault";

/** What starting needs. */
export interface UpOptions {
  readonly portOffset?: number;
  /** Names of the regions, each a Nomad of its own, federated with the others. Default: one, `global`. */
  readonly regions?: readonly string[];
  /**
   * Whether Nomad and Consul ask for tokens, which are made here and kept in the cluster's folder. An open cluster obeys every user of the
   * machine, and every page in a browser on it. Default: as the cluster that runs, else closed.
   */
  readonly closed?: boolean;
  /**
   * Whether there is a server that keeps secrets, OpenBao or Vault, which Nomad knows. Default: as the cluster that runs, else none
   */
  readonly vault?: boolean;
  /** Roles with which tasks ask that server, beyond the one that every task has. Default: none */
  readonly vaultRoles?: readonly VaultRole[];
  /** What jobs may do on a closed cluster by their own identity, beyond what every task may. Default: nothing */
  readonly jobs?: readonly JobAcl[];
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly machine: Machine;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}
