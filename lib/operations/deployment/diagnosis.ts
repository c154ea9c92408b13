import { millisecondsOf, type AllocationStub, type NomadClient, type TaskState } from "../../nomad";
import { newestAllocations } from "./newest-allocations";

/** What is known of a task that failed. */
export interface TaskDiagnosis {
  readonly allocation: string;
  readonly group: string;
  readonly task: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Its last events, the newest at the end, each with its time in milliseconds since 1970. */
  readonly events: readonly { readonly time: number; readonly type: string; readonly message: string }[];
  /** Its last lines, of stderr and of stdout. */
  readonly stderr: readonly string[];
  readonly stdout: readonly string[];
}

const EVENTS = 6;
const LINES = 12;
const TAIL_BYTES = 8192;

/** Whether a task has ended in failure at least once, also where it is started again. */
function hasFailed(state: TaskState): boolean {
  return state.Failed || (state.Events ?? []).some((event) => event.Type === "Terminated" && event.ExitCode !== 0);
}

/**
 * Allocations that are worth a diagnosis: those that are wanted, have not ended well, and were not replaced.
 *
 * @param options `stopped`: also those that failed and that Nomad stopped, of a deployment that failed
 */
export function diagnosable(
  allocations: readonly AllocationStub[],
  type: string | undefined,
  { stopped = false }: { readonly stopped?: boolean } = {},
): readonly AllocationStub[] {
  return newestAllocations(allocations, type).filter(({ DesiredStatus, ClientStatus }) =>
    DesiredStatus === "run" ? ClientStatus !== "complete" : stopped && ClientStatus === "failed",
  );
}

/** Looks at every task of an allocation that failed: its exit code, its last events and its last lines. */
export async function diagnose(nomad: NomadClient, allocation: AllocationStub): Promise<TaskDiagnosis[]> {
  const failed = Object.entries(allocation.TaskStates ?? {}).filter(([, state]) => hasFailed(state) || isStuck(state));
  return Promise.all(
    failed.map(async ([task, state]) => {
      const events = state.Events ?? [];
      const ended = events.findLast((event) => event.Type === "Terminated");
      return {
        allocation: allocation.ID,
        group: allocation.TaskGroup,
        task,
        exitCode: ended?.ExitCode,
        signal: ended?.Details?.signal && ended.Details.signal !== "0" ? ended.Details.signal : undefined,
        events: events.slice(-EVENTS).map((event) => ({
          time: Math.round(millisecondsOf(event.Time)),
          type: event.Type,
          message: event.DisplayMessage,
        })),
        stderr: await lastLines(nomad, allocation.ID, task, "stderr"),
        stdout: await lastLines(nomad, allocation.ID, task, "stdout"),
      };
    }),
  );
}

/** A task that cannot even be started, such as one whose driver or template fails. */
function isStuck(state: TaskState): boolean {
  return (state.Events ?? []).some((event) =>
    ["Driver Failure", "Setup Failure", "Failed Validation", "Failed Artifact Download", "Template"].includes(
      event.Type,
    ),
  );
}

async function lastLines(
  nomad: NomadClient,
  allocation: string,
  task: string,
  stream: "stdout" | "stderr",
): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of nomad.logs(allocation, task, {
      stream,
      lastBytes: TAIL_BYTES,
      signal: AbortSignal.timeout(5000),
    }))
      chunks.push(chunk);
  } catch {
    // A task that never ran has no logs.
  }
  return Buffer.concat(chunks)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .slice(-LINES);
}
