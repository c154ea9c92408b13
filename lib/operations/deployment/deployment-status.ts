import type { Deployment } from "../../nomad";

/** Status words of a deployment that has ended. Any other word, one of a newer Nomad among them, is of a deployment that goes on. */
const WELL = "successful";
const BADLY: readonly string[] = ["failed", "cancelled"];

/** Whether a deployment has ended without having brought its version. */
export function endedBadly({ Status }: Pick<Deployment, "Status">): boolean {
  return BADLY.includes(Status);
}

/** Whether a deployment goes on. */
export function goesOn({ Status }: Pick<Deployment, "Status">): boolean {
  return Status !== WELL && !BADLY.includes(Status);
}
