import { BEFORE, withRetries } from "../events";
import { planJobs } from "../plan";
import { enterRecord, leaveRecord, settleRecord, type RecordWrite, type WantedRecord } from "../record";
import type { RecordedOthers, StackRecord } from "../../stack-record";
import type { Wanted } from "../stack";
import type { OperationOptions } from "./options";
import type { JobOutcome } from "./outcome";

/** What a deployment takes that is recorded. */
export interface RecordingOptions extends OperationOptions {
  /** The record that the stack shall have. Default: nothing is recorded. */
  readonly record?: WantedRecord;
  /**
   * Asked once all jobs of the program are watched to their ends, with what earlier deployments brought and the program does not have: stops and removes what
   * is to go of it, and says what that was. Not asked where the record could not be written. Default: nothing is stopped.
   */
  readonly prune?: (remains: Remains, outcomes: readonly JobOutcome[]) => Promise<RecordedOthers>;
}

/** What earlier deployments of a stack brought, and its program does not have. */
export interface Remains extends RecordedOthers {
  /** The record as it was before the deployment. Absent where there was none in its place. */
  readonly before?: StackRecord;
}

/** What a deployment tells meanwhile. */
export interface Begun {
  /** Called once a job of it is registered. */
  readonly onBegun: () => void;
}

const NOTHING: RecordedOthers = { jobs: [], consul: [] };

/**
 * Deploys between the two writes of the stack's record: before it, the record becomes the union of what it says and what the program has; after it,
 * what was stopped goes out of it. Where nobody may write the record, that is said once, and the deployment goes on without.
 */
export async function whileRecorded(
  wanted: readonly Wanted[],
  options: RecordingOptions,
  run: (begun: Begun) => Promise<readonly JobOutcome[]>,
): Promise<readonly JobOutcome[]> {
  const { record, nomad, consul, signal, prune } = options;
  let begun = false;
  const running = { onBegun: () => void (begun = true) };
  if (!record) return run(running);
  const clients = { nomad, consul, signal };
  const entered = await withRetries(() => enterRecord(record, clients), { ...options, ...BEFORE });
  if (entered.kind === "unwritten") {
    say(entered, record, options);
    return run(running);
  }
  let outcomes: readonly JobOutcome[];
  try {
    outcomes = await run(running);
  } catch (error) {
    // Whoever was refused before it changed a job leaves the record to the one that was not. What went wrong is the error, and nothing else.
    if (!begun && signal?.aborted !== true) await leaveRecord(record, entered.before, clients).catch(() => undefined);
    throw error;
  }
  const stopped =
    (await prune?.({ ...entered.record.others, ...(entered.before ? { before: entered.before } : {}) }, outcomes)) ??
    NOTHING;
  const { jobs, consul: inConsul } = record.content;
  const holds = async () =>
    (await planJobs(wanted, options)).every(({ plan: { change } }) => change === "none" || change === "place");
  const settled = await withRetries(
    () => settleRecord(record, { brought: { jobs, consul: inConsul }, stopped, holds }, clients),
    options,
  );
  say(settled, record, options);
  return outcomes;
}

function say(write: RecordWrite, { environment }: WantedRecord, { onTrouble }: RecordingOptions): void {
  if (write.kind === "unwritten")
    onTrouble?.(`the record of what ${environment} brings cannot be written, and nothing is recorded: ${write.reason}`);
}
