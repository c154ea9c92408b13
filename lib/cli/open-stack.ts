import type { ConsulClient, NomadClient } from "../nomad";
import type { StackContents } from "../operations";
import type { StackRecord } from "../stack-record";
import type { Remembered } from "./own-stack";

/** A stack, synthesized and read, and the cluster that it is for. */
export interface OpenStack {
  readonly environment: string;
  readonly contents: StackContents;
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** The record of its last deployment. Absent where there is none, or it cannot be read. */
  readonly record?: StackRecord;
  /** What was said at the last deployment, and nobody says now: whether it was taken, or fell back to what the program has, is the command's. */
  readonly remembered: Remembered;
}
