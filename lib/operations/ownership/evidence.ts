import { ApiError, type JobJson, type NomadClient } from "../../nomad";
import { recordPath, SUBMITTED_FOR, type StackIdentity } from "../../stack-record";

/** How many versions are looked at: a job that was stopped has a version more, with which nothing was submitted. */
const VERSIONS = 5;

/**
 * Whether the server itself says that a job was registered for a stack: by what was submitted with its newest version of which that is kept. A record says it too, and
 * whoever may write records may have written anything there.
 *
 * @param held the job as the server holds it
 */
export async function isRegisteredFor(stack: StackIdentity, held: JobJson, nomad: NomadClient): Promise<boolean> {
  const newest = Number(held.Version ?? 0);
  try {
    for (let version = newest; version >= 0 && version > newest - VERSIONS; version -= 1) {
      const submission = await nomad.submission(held.ID, version);
      if (submission) return submission.VariableFlags?.[SUBMITTED_FOR] === recordPath(stack);
    }
    return false;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}
