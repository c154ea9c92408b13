import type { JobJson } from "../../nomad";
import { overALife, type Space } from "./space";

/** A static port, with the host network that it is claimed on. */
export interface StaticPort {
  readonly port: number;
  readonly network: string;
}

/** What one allocation of a group takes. */
export interface Demand {
  readonly job: string;
  readonly group: string;
  readonly space: Space;
  /** Static ports, each of which an address of a node has once. */
  readonly ports: readonly StaticPort[];
  /** Whether no two of the job may be on one node, as of system jobs. */
  readonly distinctHosts: boolean;
  /** How many the job asks for; none of a job that is dispatched, or launched by the clock; one for each node of a system job. */
  readonly count: number | "every node";
  /** Higher first. */
  readonly priority: number;
  readonly datacenters: readonly string[];
  readonly nodePool: string;
  readonly drivers: readonly string[];
  /** What is not looked at, in words. */
  readonly leftOut: readonly string[];
}

interface TaskJson {
  readonly Driver?: string;
  readonly Lifecycle?: { readonly Hook?: string; readonly Sidecar?: boolean | null } | null;
  readonly Resources?: {
    readonly CPU?: number | null;
    readonly Cores?: number | null;
    readonly MemoryMB?: number | null;
    readonly Devices?: readonly unknown[] | null;
    readonly Networks?: readonly NetworkJson[] | null;
  } | null;
}

interface NetworkJson {
  readonly Mode?: string;
  readonly ReservedPorts?:
    readonly { readonly Value?: number; readonly HostNetwork?: string; readonly IgnoreCollision?: boolean }[] | null;
}

interface ConstraintJson {
  readonly Operand?: string;
  readonly RTarget?: string;
}

interface GroupJson {
  readonly Name?: string;
  readonly Count?: number | null;
  readonly EphemeralDisk?: { readonly SizeMB?: number | null } | null;
  readonly Networks?: readonly NetworkJson[] | null;
  readonly Constraints?: readonly ConstraintJson[] | null;
  readonly Tasks?: readonly (TaskJson & { readonly Constraints?: readonly ConstraintJson[] | null })[] | null;
  readonly Services?: readonly { readonly Connect?: SidecarJson | null }[] | null;
}

interface SidecarJson {
  readonly SidecarService?: object | null;
  readonly SidecarTask?: Pick<TaskJson, "Resources"> | null;
}

/** What Nomad takes where nobody says it. https://developer.hashicorp.com/nomad/docs/job-specification/resources */
const CPU = 100;
const MEMORY = 300;
const DISK = 300;
/** What Nomad gives the proxy that it adds for Connect. */
const SIDECAR = { Resources: { CPU: 250, MemoryMB: 128 } };

/** What every group of a job takes, as Nomad's scheduler counts it. */
export function demandsOf(job: JobJson): readonly Demand[] {
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : undefined);
  const own = (job.Constraints ?? []) as readonly ConstraintJson[];
  return ((job.TaskGroups ?? []) as readonly GroupJson[]).map((group) => {
    const tasks = [...(group.Tasks ?? []), ...sidecarsOf(group)];
    const constraints = [...own, ...(group.Constraints ?? []), ...tasks.flatMap((task) => constraintsOf(task))];
    const isDistinct = ({ Operand, RTarget }: ConstraintJson) => Operand === "distinct_hosts" && RTarget !== "false";
    const distinctHosts = constraints.some(isDistinct);
    const others = constraints.filter(({ Operand }) => Operand !== "distinct_hosts").length;
    return {
      job: job.ID,
      group: group.Name ?? "",
      space: { ...spaceOf(tasks), disk: group.EphemeralDisk?.SizeMB ?? DISK },
      ports: portsOf(group, tasks),
      distinctHosts: distinctHosts || job.Type === "system" || job.Type === "sysbatch",
      count: countOf(job, group),
      priority: typeof job.Priority === "number" ? job.Priority : 50,
      datacenters: texts(job.Datacenters) ?? ["*"],
      nodePool: typeof job.NodePool === "string" && job.NodePool !== "" ? job.NodePool : "default",
      drivers: [...new Set((group.Tasks ?? []).map(({ Driver }) => Driver ?? ""))].sort(),
      leftOut: leftOut(others, tasks),
    };
  });
}

function countOf(
  { Type: type, Periodic: periodic, ParameterizedJob: parameterized }: JobJson,
  { Count: count }: GroupJson,
) {
  if (periodic || parameterized) return 0;
  return type === "system" || type === "sysbatch" ? "every node" : (count ?? 1);
}

function spaceOf(tasks: readonly TaskJson[]): Space {
  return overALife(
    tasks.map(({ Lifecycle, Resources }) => ({
      hook: Lifecycle?.Hook ?? "",
      sidecar: Lifecycle?.Sidecar === true,
      space: { cpu: Resources?.CPU ?? CPU, memory: Resources?.MemoryMB ?? MEMORY, disk: 0 },
    })),
  );
}

function sidecarsOf({ Services }: GroupJson): readonly TaskJson[] {
  return (Services ?? []).flatMap(({ Connect }) =>
    Connect?.SidecarService ? [{ ...SIDECAR, ...(Connect.SidecarTask?.Resources ? Connect.SidecarTask : {}) }] : [],
  );
}

function constraintsOf(task: TaskJson & { readonly Constraints?: readonly ConstraintJson[] | null }) {
  return task.Constraints ?? [];
}

/** Ports of a network of its own, such as a bridge's, are claimed on the host only where they are static. */
function portsOf({ Networks }: GroupJson, tasks: readonly TaskJson[]): readonly StaticPort[] {
  const networks = [...(Networks ?? []), ...tasks.flatMap(({ Resources }) => Resources?.Networks ?? [])];
  const claimed = networks
    .flatMap(({ ReservedPorts }) => ReservedPorts ?? [])
    .filter(({ Value, IgnoreCollision }) => (Value ?? 0) > 0 && IgnoreCollision !== true)
    .map(({ Value, HostNetwork }) => ({ port: Value ?? 0, network: HostNetwork || "default" }));
  return claimed;
}

function leftOut(constraints: number, tasks: readonly TaskJson[]): readonly string[] {
  const cores = tasks.some(({ Resources }) => (Resources?.Cores ?? 0) > 0);
  const devices = tasks.some(({ Resources }) => (Resources?.Devices ?? []).length > 0);
  return [
    ...(constraints > 0 ? [`${constraints} ${constraints === 1 ? "constraint" : "constraints"}`] : []),
    ...(cores ? ["reserved cores"] : []),
    ...(devices ? ["devices"] : []),
  ];
}
