import type { Masking } from "../../masking";
import type { NomadClient } from "../../nomad";
import { fieldChanges } from "./field-changes";

/** What became of a job since it had a modify index, in words, the newest first. */
export async function whatChanged(
  nomad: NomadClient,
  id: string,
  since: number,
  masking: Masking,
): Promise<readonly string[]> {
  const { Versions: versions, Diffs: diffs } = await nomad.versions(id);
  masking.learn(versions);
  if (versions.length === 0) return ["it is gone"];
  return versions.flatMap((version, index) => {
    if (Number(version.JobModifyIndex) <= since) return [];
    const diff = diffs?.[index];
    const fields = diff ? fieldChanges(diff, masking) : [];
    const said = fields
      .slice(0, 3)
      .map(({ place, before, after }) => `${place} ${before ?? "none"} → ${after ?? "none"}`);
    const more = fields.length > 3 ? [`${fields.length - 3} more fields`] : [];
    const what = said.length > 0 ? ` (${[...said, ...more].join(", ")})` : "";
    return [`version ${String(version.Version)} came${version.Stop === true ? ", and stops it" : ""}${what}`];
  });
}
