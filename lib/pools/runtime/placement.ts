import { setTimeout as sleep } from "node:timers/promises";
import { lacksDrivers, placementInWords, type Evaluation, type NomadClient } from "../../nomad";

/** Between two looks at the scheduler's decisions, in milliseconds. */
const LOOK = 500;

/** What the scheduler made of a job that has no allocation yet. */
export interface Decision {
  /**
   * `open`: not decided yet; `placed`: everything is placed; `waiting`: no node takes it just now, and it is placed once one does; `refused`: it is not
   * placed, and nothing waits for that to change.
   */
  readonly state: "open" | "placed" | "waiting" | "refused";
  /** Why no node takes it, in words; empty where one does. */
  readonly why: string;
  /** Whether no node has the job's driver. Default: false. */
  readonly lacksDriver?: true;
}

/** Reads the scheduler's decision from the evaluations of a job, the newest first. */
function decisionOf(evaluations: readonly Evaluation[]): Decision {
  const [newest] = evaluations;
  if (!newest || newest.Status === "pending") return { state: "open", why: "" };
  // A blocked evaluation says itself, or by the one that it follows from, what it waits for.
  const told = newest.Status === "blocked" ? evaluations.find((each) => failuresOf(each).length > 0) : newest;
  const why = told ? failuresOf(told).join("; ") : "";
  const lacking = told && Object.values(told.FailedTGAllocs).some(lacksDrivers) ? { lacksDriver: true as const } : {};
  if (newest.Status === "blocked") return { state: "waiting", why: why || "no node has room for it", ...lacking };
  // One that gave up may be followed by another.
  if (newest.Status === "failed")
    return newest.NextEval === ""
      ? { state: "refused", why: why || newest.StatusDescription || "the scheduler gave up" }
      : { state: "open", why };
  if (why === "") return { state: "placed", why };
  return { state: newest.BlockedEval === "" ? "refused" : "waiting", why, ...lacking };
}

function failuresOf({ FailedTGAllocs }: Evaluation): readonly string[] {
  return Object.values(FailedTGAllocs).map((failure) => placementInWords(failure));
}

/** So many looks after each other find that no node has the driver before that is believed: Docker may just be starting anew. */
const SURE = 3;

/**
 * Looks at what the scheduler makes of a job until that cannot change any more, and tells each decision once.
 *
 * @returns the refusal, where the job is not placed and nothing waits for that to change, or no node has its driver; it never returns where the job is
 *   placed
 * @throws the signal's reason
 */
export async function untilRefused(
  jobId: string,
  nomad: NomadClient,
  { onDecision, signal }: { readonly onDecision: (decision: Decision) => void; readonly signal: AbortSignal },
): Promise<Decision> {
  let without = 0;
  for (let told = ""; ; await sleep(LOOK, undefined, { signal })) {
    // Whoever waits for the allocation meets the same trouble, and says it.
    const evaluations = await nomad.evaluations(jobId).catch(() => []);
    signal.throwIfAborted();
    const decision = decisionOf(evaluations);
    const text = `${decision.state} ${decision.why}`;
    if (text !== told) onDecision(decision);
    told = text;
    without = decision.lacksDriver ? without + 1 : 0;
    if (decision.state === "refused" || without >= SURE) return decision;
  }
}
