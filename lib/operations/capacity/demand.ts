import { effectiveOf, type EffectiveGroup, type EffectiveTask } from "../../jobspec/host";
import { launchesOthers, type JobJson } from "../../nomad";
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
  /** How many ports of the node's dynamic range, by the host network that they are claimed on. */
  readonly dynamicPorts: ReadonlyMap<string, number>;
  /** Whether no two of the job may be on one node, as of system jobs. */
  readonly distinctHosts: boolean;
  /** How many the job asks for; none of a job that is dispatched, or launched by the clock; one for each node of a system job. */
  readonly count: number | "every node";
  /** Higher first. */
  readonly priority: number;
  /** The type of its job. */
  readonly type: string;
  readonly datacenters: readonly string[];
  readonly nodePool: string;
  readonly drivers: readonly string[];
  /** What is not looked at, in words. */
  readonly leftOut: readonly string[];
}

/**
 * What every group of a job takes, as Nomad's scheduler counts it: with what a server fills in and the tasks that it adds for the mesh.
 *
 * @throws UserError where it is no job
 */
export function demandsOf(job: JobJson): readonly Demand[] {
  const held = effectiveOf(job);
  return held.TaskGroups.map((group) => {
    const tasks = group.Tasks;
    const constraints = [held, group, ...tasks].flatMap(({ Constraints }) => Constraints ?? []);
    const distinctHosts = constraints.some(
      ({ Operand, RTarget }) => Operand === "distinct_hosts" && RTarget !== "false",
    );
    const others = constraints.filter(({ Operand }) => Operand !== "distinct_hosts").length;
    const isOnEvery = held.Type === "system" || held.Type === "sysbatch";
    return {
      job: job.ID,
      group: group.Name ?? "",
      space: { ...spaceOf(tasks), disk: group.EphemeralDisk.SizeMB },
      ports: portsOf(group),
      dynamicPorts: dynamicPortsOf(group),
      distinctHosts: distinctHosts || isOnEvery,
      count: launchesOthers(job) ? 0 : isOnEvery ? "every node" : group.Count,
      priority: held.Priority,
      type: held.Type,
      datacenters: held.Datacenters,
      nodePool: held.NodePool,
      drivers: [...new Set(tasks.map(({ Driver }) => Driver ?? ""))].sort(),
      leftOut: leftOut(others, tasks),
    };
  });
}

/** What one allocation of a group takes; undefined where the job has no such group, or cannot be counted. */
export function demandOf(job: JobJson, group: string): Demand | undefined {
  try {
    return demandsOf(job).find((demand) => demand.group === group);
  } catch {
    return undefined;
  }
}

function spaceOf(tasks: readonly EffectiveTask[]): Space {
  return overALife(
    tasks.map(({ Lifecycle, Resources }) => ({
      hook: Lifecycle?.Hook ?? "",
      sidecar: Lifecycle?.Sidecar === true,
      space: { cpu: Resources.CPU ?? 0, memory: Resources.MemoryMB, disk: 0 },
    })),
  );
}

/** Ports of which the job says the number. */
function portsOf(group: EffectiveGroup): readonly StaticPort[] {
  return networksOf(group)
    .flatMap(({ ReservedPorts }) => ReservedPorts ?? [])
    .filter(({ Value, IgnoreCollision }) => (Value ?? 0) > 0 && IgnoreCollision !== true)
    .map(({ Value, HostNetwork }) => ({ port: Value ?? 0, network: HostNetwork }));
}

/** Ports that the node chooses, also where the group has a network of its own: they are ports of the host there, too. */
function dynamicPortsOf(group: EffectiveGroup): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (network: string) => counts.set(network, (counts.get(network) ?? 0) + 1);
  for (const { DynamicPorts } of networksOf(group))
    for (const { HostNetwork } of DynamicPorts ?? []) count(HostNetwork);
  // A server adds a port for every check that the proxy exposes and that names none.
  for (const { Expose, PortLabel } of (group.Services ?? []).flatMap(({ Checks }) => Checks ?? []))
    if (Expose === true && !PortLabel) count(DEFAULT_NETWORK);
  return counts;
}

/** The host network of ports that name none. https://developer.hashicorp.com/nomad/docs/job-specification/network#host_network */
export const DEFAULT_NETWORK = "default";

function networksOf({ Networks: networks, Tasks: tasks }: EffectiveGroup) {
  return [...(networks ?? []), ...tasks.flatMap(({ Resources }) => Resources.Networks ?? [])];
}

function leftOut(constraints: number, tasks: readonly EffectiveTask[]): readonly string[] {
  const cores = tasks.some(({ Resources }) => (Resources.Cores ?? 0) > 0);
  const devices = tasks.some(({ Resources }) => (Resources.Devices ?? []).length > 0);
  return [
    ...(constraints > 0 ? [`${constraints} ${constraints === 1 ? "constraint" : "constraints"}`] : []),
    ...(cores ? ["reserved cores"] : []),
    ...(devices ? ["devices"] : []),
  ];
}
