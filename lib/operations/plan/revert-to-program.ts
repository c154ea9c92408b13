import { ReadableError } from "../../errors";
import type { Masking } from "../../masking";
import type { JobJson, NomadClient } from "../../nomad";
import { planJob } from "./job-plan";
import { findRevert, type Revert } from "./reverts";

/**
 * Whether a job whose versions look taken back was: where its program says what runs, the same was deployed or put right again, and nobody took anything
 * back. It is asked by a plan; where the server refuses that, as to a token that may only read, what the versions say is left as it is.
 */
export async function revertToProgram(
  wanted: { readonly path: string; readonly job: JobJson },
  revert: Revert,
  { nomad, masking, signal }: { readonly nomad: NomadClient; readonly masking: Masking; readonly signal?: AbortSignal },
): Promise<Revert | undefined> {
  try {
    const { plan, job } = await planJob(nomad, wanted, masking, signal);
    return plan.change === "update" ? await findRevert({ job, fields: plan.fields }, nomad, masking) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ReadableError) return revert;
    throw error;
  }
}
