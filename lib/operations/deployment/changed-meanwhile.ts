import { UserError } from "../../jobspec";
import type { JobJson, NomadClient } from "../../nomad";
import { Masking } from "../../masking";
import { whatChanged } from "../plan";

/** The error about a job that has another modify index than the one that it was planned for, with what became of it. */
export async function changedMeanwhile(
  nomad: NomadClient,
  job: JobJson,
  {
    index,
    path,
    masking = new Masking(),
  }: { readonly index: number; readonly path: string; readonly masking?: Masking },
): Promise<UserError> {
  const changes = await whatChanged(nomad, job.ID, index, masking);
  const what = changes.length > 0 ? `: ${changes.join("; ")}` : "";
  const message = `was changed by somebody else since it was planned${what}; look at it with cdk-nomad preview, and deploy again`;
  return UserError.at(path, message, "changed-meanwhile");
}
