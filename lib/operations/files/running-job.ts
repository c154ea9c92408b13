import { Job, UserError } from "../../jobspec";
import { withoutDefaults } from "../../jobspec/host";
import type { NomadClient } from "../../nomad";
import { serverParser } from "./hcl-parser";

/**
 * A job of a cluster, as somebody would write it: what was submitted where the server kept it, else what the server holds without
 * what it filled in by itself.
 */
export async function readRunningJob(
  id: string,
  nomad: NomadClient,
): Promise<{ readonly job: Job; readonly source?: string }> {
  const held = await nomad.job(id);
  if (!held) throw UserError.at(id, "is no job of this cluster and namespace; see them with: nomad job status", "job");
  const submission = await nomad.submission(id, Number(held.Version ?? 0));
  if (submission?.Format === "hcl2") {
    const { Source: source, VariableFlags, Variables } = submission;
    const values = VariableFlags ?? {};
    const parse = serverParser(nomad, { values, text: Variables });
    return { job: Job.fromApi(await parse(id, source)), source };
  }
  return { job: Job.fromApi(withoutDefaults(held)) };
}
