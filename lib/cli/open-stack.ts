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
  readonly asBefore?: Pick<StackContents, "objects">;
  /** Inputs of the last deployment that are not given now: whether they were taken, or fell back to the program's own, is the command's. */
  readonly remembered: Remembered;
}
