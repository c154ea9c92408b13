import { ChangedMeanwhile } from "../../errors";
import type { Masking } from "../../masking";
import type { JobJson, NomadClient } from "../../nomad";
import { whatChanged } from "./what-changed";
import { shellQuoted } from "../../text";

/** What is known of a change that came in between. */
export interface ChangeBetween {
  /** The modify index that the job was planned for. */
  readonly index: number;
  readonly path: string;
  readonly masking: Masking;
  /** Whether the change was taken back by a registration of the same moment. */
  readonly replaced?: boolean;
}

/** The error about a job that has another modify index than the one that it was planned for, with what became of it. */
export async function changedMeanwhile(
  nomad: NomadClient,
  job: JobJson,
  { index, path, masking, replaced = false }: ChangeBetween,
): Promise<ChangedMeanwhile> {
  const changes = await whatChanged(nomad, job.ID, index, masking);
  const what = changes.length > 0 ? `: ${changes.join("; ")}` : "";
  const message = replaced
    ? `was changed by somebody else at the very moment of its registration, which took that change back${what}; look at its versions with nomad job history -p ${shellQuoted(job.ID)}`
    : `was changed by somebody else since it was planned${what}; look at it with cdk-nomad preview ENV, and deploy again`;
  return new ChangedMeanwhile(path, message);
}
