import type { ConsulClient, NomadClient } from "../nomad";
import type { RecordState, StackContents } from "../operations";
import type { Remembered } from "./own-stack";

/** A stack, synthesized and read, and the cluster that it is for. */
export interface OpenStack {
  readonly environment: string;
  readonly contents: StackContents;
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** What is known of the record of its last deployment. Absent where nobody has asked. */
  readonly recorded?: RecordState;
  /** As the program of today brings it with all that the record has. Absent where nothing depends on it, or that is not known. */
  readonly asBefore?: Pick<StackContents, "wanted">;
  /** What was said at the last deployment, and nobody says now: whether it was taken, or fell back to what the program has, is the command's. */
  readonly remembered: Remembered;
}
