import { createTwoFilesPatch } from "diff";
import { Duration, Memory } from "../../jobspec";
import { blockKinds, type BlockDefinition } from "../../jobspec/host";
import { unflattened } from "./unflattened";
import type { FieldDiff, JobDiff, ObjectDiff, TaskDiff } from "../../nomad";
import type { Masking } from "../../masking";

/** One field of a job that changes. */
export interface FieldChange {
  /** Where, in the words of HCL: `group "web" › task "server" › resources › memory`. */
  readonly place: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** For texts of several lines: the lines that change, as `diff -u` shows them. */
  readonly lines?: string;
  /** What it brings about, such as "forces create/destroy update". */
  readonly effect?: string;
}

/** The fields that a job's diff changes, from the job down to its tasks. */
export function fieldChanges(diff: JobDiff, masking: Masking): readonly FieldChange[] {
  const walk = new Walk(masking);
  walk.object(diff, [], blockKinds().get("Job"));
  for (const group of diff.TaskGroups ?? []) {
    if (group.Type === "None") continue;
    const place = [`group "${group.Name}"`];
    if (walk.whole(group, place)) continue;
    walk.object(group, place, blockKinds().get("TaskGroup"));
    for (const task of group.Tasks ?? []) {
      if (task.Type === "None") continue;
      const inside = [...place, `task "${task.Name}"`];
      if (!walk.whole(task, inside)) walk.object(task, inside, blockKinds().get("Task"), effectOf(task));
    }
  }
  return walk.found;
}

/** Whether a diff names anything that changes: of a scaling policy Nomad says so without a field. */
export function changesSomething(diff: JobDiff): boolean {
  if (diff.Type === "None") return false;
  const inside = (object: Pick<ObjectDiff, "Type" | "Fields" | "Objects">): boolean =>
    object.Type === "Added" ||
    object.Type === "Deleted" ||
    (object.Fields ?? []).some(({ Type }) => Type !== "None") ||
    (object.Objects ?? []).some(inside);
  return inside(diff) || (diff.TaskGroups ?? []).some((group) => inside(group) || (group.Tasks ?? []).some(inside));
}

/** In the place of lines, where nothing else differs. */
const ONLY_HIDDEN = "(only what is hidden changes)";

class Walk {
  readonly found: FieldChange[] = [];

  constructor(private readonly masking: Masking) {}

  /** A group or task that comes or goes is one change, and not one for each of its fields. */
  whole({ Type }: ObjectDiff, place: readonly string[]): boolean {
    if (Type !== "Added" && Type !== "Deleted") return false;
    const [before, after] = Type === "Added" ? [undefined, "added"] : ["there", undefined];
    this.found.push({ place: place.join(" › "), before, after });
    return true;
  }

  object(
    diff: Pick<ObjectDiff, "Fields" | "Objects">,
    place: readonly string[],
    kind: BlockDefinition | undefined,
    effect?: string,
  ): void {
    // What is secret by what stands beside it is told from both sides as a whole.
    for (const side of ["Old", "New"] as const) this.masking.learn(unflattened(diff.Fields ?? [], side));
    for (const field of diff.Fields ?? []) {
      if (field.Type !== "None") this.found.push(this.field(field, place, kind, effect));
    }
    for (const inner of diff.Objects ?? []) {
      if (inner.Type === "None") continue;
      this.object(inner, [...place, diffName(inner)], kindOf(inner.Name, kind), effect);
    }
  }

  private field(
    diff: FieldDiff,
    place: readonly string[],
    kind: BlockDefinition | undefined,
    around?: string,
  ): FieldChange {
    const own = kind?.owned.get(diff.Name)?.field;
    const masked = this.masking.change(
      diff.Name,
      diff.Type === "Added" ? undefined : diff.Old,
      diff.Type === "Deleted" ? undefined : diff.New,
    );
    const shown = (value: string | undefined) => (value === undefined ? undefined : inUnits(value, own?.kind));
    const [before, after] = [shown(masked.before), shown(masked.after)];
    const effect = diff.Annotations?.join(", ") || around;
    const change: FieldChange = {
      place: [...place, ...stepsOf(diff.Name, kind)].join(" › "),
      before,
      after,
      ...(effect === undefined ? {} : { effect }),
    };
    if (!before?.includes("\n") && !after?.includes("\n")) return change;
    return { ...change, lines: before === after ? ONLY_HIDDEN : patch(before ?? "", after ?? "") };
  }
}

/** A block as it is called in HCL, with the name of its own where it has one. */
function diffName(diff: ObjectDiff): string {
  const own = ["Name", "Label", "DestPath", "LTarget", "PortLabel"]
    .map((name) => diff.Fields?.find((field) => field.Name === name))
    .find((field) => field !== undefined);
  const kind = kindOf(diff.Name, undefined);
  const name = kind?.hcl ?? diff.Name;
  const label = own && (own.New || own.Old);
  return label ? `${name} "${label}"` : name;
}

/** Nomad's diff calls some blocks otherwise than its API. */
const ALIASES: Readonly<Record<string, string>> = {
  Check: "ServiceCheck",
  Update: "UpdateStrategy",
  Restart: "RestartPolicy",
  Reschedule: "ReschedulePolicy",
  Network: "NetworkResource",
  Artifact: "TaskArtifact",
  Disconnect: "DisconnectStrategy",
  Periodic: "PeriodicConfig",
  Parameterized: "ParameterizedJobConfig",
  Scaling: "ScalingPolicy",
  "Static Port": "Port",
  "Dynamic Port": "Port",
};

function kindOf(name: string, _parent: BlockDefinition | undefined): BlockDefinition | undefined {
  return blockKinds().get(Object.hasOwn(ALIASES, name) ? (ALIASES[name] as string) : name);
}

/** `Env[LEVEL]`, an entry of a map, is two steps. */
function stepsOf(api: string, kind: BlockDefinition | undefined): readonly string[] {
  const [, map, key] = /^(\w+)\[(.+)\]$/.exec(api) ?? [];
  return map !== undefined && key !== undefined ? [hclName(kind, map), key] : [hclName(kind, api)];
}

function hclName(kind: BlockDefinition | undefined, api: string): string {
  const of = kind?.owned.get(api);
  if (!of) return api;
  // A property of two keys has a name for each in Nomad only.
  if (of.field.api.length > 1) return snake(api);
  return of.field.options.hcl || snake(of.name);
}

function snake(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function inUnits(value: string, kind: string | undefined): string {
  if (!/^-?\d+$/.test(value)) return value;
  if (kind === "duration") return Duration.nanoseconds(Number(value)).toString();
  return kind === "mebibytes" ? Memory.mebibytes(Number(value)).toString() : value;
}

/** Lines that differ, above which two texts are not compared: the time grows with the square of it. */
const MOST_LINES = 2_000;

function patch(before: string, after: string): string {
  const text = createTwoFilesPatch("", "", before, after, "", "", { context: 2, maxEditLength: MOST_LINES });
  if (text === undefined) return `-${before.split("\n").length} lines\n+${after.split("\n").length} others`;
  return text
    .split("\n")
    .slice(4)
    .filter((line) => !line.startsWith("\\"))
    .join("\n")
    .trimEnd();
}

function effectOf(task: TaskDiff): string | undefined {
  return task.Annotations?.join(", ") || undefined;
}
