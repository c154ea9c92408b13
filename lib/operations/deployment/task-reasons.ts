import { flattened, tellsWhy, type AllocationStub, type JobJson, type TaskEvent, type TaskState } from "../../nomad";
import { isBatch } from "./job-answers";
import type { EffectiveGroup, EffectiveTask } from "../../jobspec/host";
import { groupsOf } from "./job-groups";
import type { Reason } from "./reason";

const SIBLING = "Sibling Task Failed";

/** Events that end the attempt to start a task. */
const CANNOT_START: readonly string[] = [
  "Driver Failure",
  "Setup Failure",
  "Failed Validation",
  "Failed Artifact Download",
  SIBLING,
];

/** Of a template that reads a secret of Vault in a task that Nomad gives no access to one. */
const WITHOUT_VAULT = "; the task has no vault block, without which it can ask no Vault: give it one";

/** Why a task failed, or what it waits for; undefined where nothing can be said of it. */
export function taskReason(
  job: JobJson,
  allocation: AllocationStub,
  name: string,
  state: TaskState,
): Reason | undefined {
  const events = state.Events ?? [];
  const of = { group: allocation.TaskGroup, task: name, allocation: allocation.ID };
  const which = `task "${name}" of group "${allocation.TaskGroup}"`;
  const event = events.findLast(tellsWhy);
  const stuck = events.findLast(({ Type }) => CANNOT_START.includes(Type));
  const ended = events.findLast(({ Type }) => Type === "Terminated");
  if (stuck && (state.Failed || event === stuck))
    return { ...of, kind: "task", message: `${which} cannot be started: ${inWords(stuck)}` };
  const sibling = events.findLast(({ Type }) => Type === SIBLING);
  if (ended && sibling && !state.Failed && state.State === "dead")
    return { ...of, kind: "task", message: `${which} was ended: ${inWords(sibling)}` };
  if (ended && (state.Failed || ended.ExitCode !== 0)) {
    const again = state.State === "dead" ? "" : restartsInWords(state);
    return { ...of, kind: "task", message: `${which} ended with ${endInWords(ended)}${again}` };
  }
  if (state.Failed) return { ...of, kind: "task", message: `${which} failed: ${event ? inWords(event) : "no event"}` };
  if (state.State === "running") return healthReason(which, of, allocation, isBatch(job));
  if (state.State !== "pending") return undefined;
  const task = taskOf(job, allocation.TaskGroup, name);
  if (event?.Type === "Template") {
    const unasked = /\bvault\.\w+\(/.test(event.DisplayMessage) && !task?.Vault ? WITHOUT_VAULT : "";
    return {
      ...of,
      kind: "dependency",
      message: `${which} waits for ${missingInWords(event.DisplayMessage)}${unasked}`,
    };
  }
  if (event?.Type === "Downloading Artifacts") {
    const sources = (task?.Artifacts ?? []).map(({ GetterSource }) => placeOf(GetterSource ?? ""));
    const from = sources.length > 0 ? `: ${sources.join(", ")}` : "";
    return { ...of, kind: "artifact", message: `${which} waits for the download of its artifacts${from}` };
  }
  if (event) return { ...of, kind: "task", message: `${which} is pending: ${inWords(event)}` };
  const before = runningBefore(job, allocation);
  if (before.length === 0 || before.includes(name)) return { ...of, kind: "task", message: `${which} is pending` };
  const tasks = before.map((each) => `"${each}"`).join(", ");
  return { ...of, kind: "task", message: `${which} waits for the end of the prestart task ${tasks}` };
}

/** What Nomad says of an event, on one line. */
function inWords({ DisplayMessage }: TaskEvent): string {
  return flattened(DisplayMessage).join(" ");
}

/** Where a task ends: its exit code, the signal, and whether it was for want of memory. */
export function endInWords({ ExitCode, Details, DisplayMessage }: TaskEvent): string {
  const signal = Details?.signal;
  const memory = Details?.oom_killed === "true" || /OOM Killed/i.test(DisplayMessage);
  return [
    `exit code ${ExitCode}`,
    ...(signal !== undefined && signal !== "0" ? [`signal ${signal}`] : []),
    ...(memory ? ["killed for want of memory"] : []),
  ].join(", ");
}

function restartsInWords({ Restarts }: TaskState): string {
  return Restarts > 0 ? ` and is started again (${Restarts} ${Restarts === 1 ? "restart" : "restarts"})` : "";
}

function healthReason(
  which: string,
  of: Omit<Reason, "kind" | "message">,
  { DeploymentStatus }: AllocationStub,
  ends: boolean,
) {
  if (DeploymentStatus?.Healthy === true) return undefined;
  // Nobody asks for the health of what ends by itself.
  if (ends) return { ...of, kind: "health" as const, message: `${which} runs, and has not ended yet` };
  const why =
    DeploymentStatus?.Healthy === false
      ? "runs, and did not become healthy before its healthy_deadline"
      : "runs, and is not healthy yet: that takes its checks and its min_healthy_time";
  return { ...of, kind: "health" as const, message: `${which} ${why}` };
}

/**
 * What a template waits for, in words, out of an event such as `Missing: nomad.var.block(nomad/jobs/web@default.global), kv.block(a/b)`.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/template
 */
function missingInWords(message: string): string {
  const [, list] = /^Missing: (.*)$/s.exec(message) ?? [];
  if (list === undefined) return `its template: ${message}`;
  const names = list.split(/, (?=[\w.]+\(|and \d)/).map((name) => {
    const [, kind = "", target = ""] = /^([\w.]+)\((.*)\)$/s.exec(name) ?? [];
    if (kind.startsWith("nomad.var.")) {
      const [, path = target, namespace] = /^(.*?)@([^.]*)/.exec(target) ?? [];
      return `the Nomad variable "${path}"${namespace ? ` of namespace ${namespace}` : ""}`;
    }
    if (kind.startsWith("kv.")) return `the Consul key "${target}"`;
    if (kind.startsWith("vault.")) return `the Vault secret "${target}"`;
    if (/service|health/.test(kind)) return `the service "${target}"`;
    return name;
  });
  return `${names.join(", ")}, which its template reads`;
}

/** Where an artifact comes from, without credentials and query. */
function placeOf(source: string): string {
  return source.replace(/\?.*$/s, "").replace(/\/\/[^/@]*@/, "//");
}

function taskOf(job: JobJson, group: string, task: string): EffectiveTask | undefined {
  return groupOf(job, group)?.Tasks?.find(({ Name }) => Name === task);
}

function groupOf(job: JobJson, name: string): EffectiveGroup | undefined {
  return groupsOf(job).find(({ Name }) => Name === name);
}

/** Prestart tasks of an allocation for whose end the others wait. */
function runningBefore(job: JobJson, { TaskGroup, TaskStates }: AllocationStub): readonly string[] {
  return (groupOf(job, TaskGroup)?.Tasks ?? []).flatMap(({ Name, Lifecycle }) => {
    if (!Name || Lifecycle?.Hook !== "prestart" || Lifecycle.Sidecar === true) return [];
    return TaskStates?.[Name]?.State === "dead" ? [] : [Name];
  });
}
