import { ChangedMeanwhile } from "../../errors";
import { ApiError, isConflict, isTokenRefused } from "../../nomad";
import { BEFORE, withRetries } from "../events";
import { planJobs } from "../plan";
import { enterRecord, leaveRecord, settleRecord, type RecordWrite, type DesiredRecord } from "../record";
import type { RecordedThings, StackRecord } from "../../stack-record";
import type { StackObject } from "../stack";
import type { OperationOptions } from "./options";
import type { JobOutcome } from "./outcome";

/** What a deployment takes that is recorded. */
export interface RecordingOptions extends OperationOptions {
  /** The record that the stack shall have. Default: nothing is recorded. */
  readonly record?: DesiredRecord;
  /**
   * Asked once all jobs of the program are watched to their ends, with what earlier deployments brought and the program does not have: stops and removes what
   * is to go of it, and says what that was. Not asked where the record could not be written. Default: nothing is stopped.
   */
  readonly prune?: (remains: Remains, outcomes: readonly JobOutcome[]) => Promise<RecordedThings>;
}

/** What earlier deployments of a stack brought, and its program does not have. */
export interface Remains extends RecordedThings {
  /** The record as it was before the deployment. Absent where there was none in its place. */
  readonly before?: StackRecord;
}

/** What a deployment tells meanwhile. */
export interface Begun {
  /**
   * Makes a write. From before it until the server says that it refuses it, something of the deployment may be on the cluster: an answer that is lost
   * is no refusal.
   */
  readonly writing: <T>(where: "nomad" | "consul", write: () => Promise<T>) => Promise<T>;
}

const NOTHING: RecordedThings = { jobs: [], consul: [] };

/**
 * Deploys between the two writes of the stack's record: before it, the record becomes the union of what it says and what the program has; after it,
 * what was stopped goes out of it. Where nobody may write the record, that is said once, and the deployment goes on without.
 */
export async function whileRecorded(
  objects: readonly StackObject[],
  options: RecordingOptions,
  run: (begun: Begun) => Promise<readonly JobOutcome[]>,
): Promise<readonly JobOutcome[]> {
  const { record, nomad, consul, signal, prune } = options;
  const writes = { nomad: 0, consul: 0 };
  const running: Begun = {
    writing: async (where, write) => {
      writes[where] += 1;
      try {
        return await write();
      } catch (error) {
        if (isRefusal(error)) writes[where] -= 1;
        throw error;
      }
    },
  };
  if (!record) return run(running);
  const clients = { nomad, consul, signal };
  const entered = await withRetries(() => enterRecord(record, clients), { ...options, ...BEFORE });
  if (entered.kind === "unwritten") {
    sayUnwritten(
      entered,
      options,
      `the record of what ${record.environment} brings cannot be written, and nothing is recorded`,
    );
    return run(running);
  }
  let outcomes: readonly JobOutcome[];
  try {
    outcomes = await run(running);
  } catch (error) {
    // Whoever was refused before it changed a job leaves the record to the one that was not. What went wrong is the error, and nothing else.
    if (writes.nomad === 0 && signal?.aborted !== true) {
      const brought = writes.consul === 0 ? NOTHING : { jobs: [], consul: record.content.consul };
      await leaveRecord(record, entered.before, clients, brought).catch(() => undefined);
    }
    throw error;
  }
  const before = entered.before ?? entered.elsewhere;
  const stopped = (await prune?.({ ...entered.record.former, ...(before ? { before } : {}) }, outcomes)) ?? NOTHING;
  const { jobs, consul: inConsul } = record.content;
  const holds = async () =>
    (await planJobs(objects, options)).every(({ plan: { change } }) => change === "none" || change === "place");
  const settled = await withRetries(
    () =>
      settleRecord(
        record,
        { brought: { jobs, consul: inConsul }, stopped, holds, moves: entered.elsewhere !== undefined },
        clients,
      ),
    options,
  );
  sayUnwritten(
    settled,
    options,
    `the record of what ${record.environment} brought could not be written anew, and has too much`,
  );
  return outcomes;
}

function sayUnwritten(write: RecordWrite, { onTrouble }: RecordingOptions, what: string): void {
  if (write.kind === "unwritten") onTrouble?.(`${what}: ${write.reason}`);
}

/** Whether a server said that it did not make a write. That nothing came back of it, or that the server failed, says nothing of the kind. */
function isRefusal(error: unknown): boolean {
  if (isConflict(error) || isTokenRefused(error) || error instanceof ChangedMeanwhile) return true;
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 408;
}
