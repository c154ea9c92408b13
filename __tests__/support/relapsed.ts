import { momentOf } from "../../lib/nomad";

const DAY = "Fri, 27 Nov 2026 03:27:15 GMT";

/** When a server answers, by its own clock. */
export const ANSWERED = { date: DAY };

/** What Nomad says of a task that ended and was started again; as a node and its server wrote it down. */
export function startedAgain({
  age,
  why = "Restart within policy",
  exitCode = 4,
  lasted = 3_000,
}: {
  /** How long it runs since, in milliseconds. */
  readonly age: number;
  /** Nomad's reason; empty where somebody asked for the restart. */
  readonly why?: string;
  readonly exitCode?: number;
  /** How long it ran before, in milliseconds. */
  readonly lasted?: number;
}) {
  const started = (Date.parse(DAY) - age) * 1e6;
  const event = (Type: string, before: number, Details: Readonly<Record<string, string>>, ExitCode = 0) => ({
    Type,
    Time: started - before * 1e6,
    DisplayMessage: Type,
    ExitCode,
    Signal: 0,
    Details,
  });
  return {
    State: "running",
    Failed: false,
    Restarts: 3,
    StartedAt: momentOf(started) ?? "",
    FinishedAt: null,
    Events: [
      event("Started", 1_000 + lasted, {}),
      ...(why === "" ? [event("Restart Signaled", 1_100, { restart_reason: "User requested" })] : []),
      event("Terminated", 1_000, { exit_code: String(exitCode), signal: "0", oom_killed: "false" }, exitCode),
      event("Restarting", 990, { restart_reason: why, start_delay: "900" }),
      event("Started", 0, {}),
    ],
  };
}

/** The same allocations, of which every task that runs is as somebody says. */
export function withTasks(allocations: unknown, task: object): readonly object[] {
  return (allocations as readonly { readonly ClientStatus: string; readonly TaskStates: object }[]).map((each) =>
    each.ClientStatus === "running"
      ? { ...each, TaskStates: Object.fromEntries(Object.keys(each.TaskStates).map((name) => [name, task])) }
      : each,
  );
}
