import type { ConsulClient, NomadClient } from "../nomad";
import type { StackContents } from "../operations";

/** A stack, synthesized and read, and the cluster that it is for. */
export interface OpenStack {
  readonly environment: string;
  readonly contents: StackContents;
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
}
