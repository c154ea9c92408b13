import { UserError } from "../../errors";
import type { AllocatedResources, NodeJson, NomadClient } from "../../nomad";
import { DEFAULT_NETWORK, type Demand } from "./demand";
import { portRanges, unusedPorts, USUAL_DYNAMIC_PORTS, withUsed, type AddressPorts } from "./ports";
import { DIMENSIONS, minus, NOTHING, overALife, plus, type Space } from "./space";

/** A node with the room that it has left. */
export interface Room {
  readonly name: string;
  /** What allocations may take at most. */
  readonly whole: Space;
  readonly free: Space;
  /** The addresses of each host network: a port is claimed on the first that has it left. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** The ports of each address. */
  readonly ports: ReadonlyMap<string, AddressPorts>;
  /** How many allocations of each job there are. */
  readonly jobs: ReadonlyMap<string, number>;
  /** Whether a job may go there at all: its datacenter, its node pool and its drivers. */
  readonly takes: (demand: Demand) => boolean;
  /** The node without what Nomad may stop there for a job of a priority, and the jobs whose that is. */
  readonly preempted: (priority: number) => { readonly room: Room; readonly jobs: readonly string[] };
}

/**
 * By how much a job's priority must at least be lower for it to be stopped for another's sake.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/scheduling/preemption
 */
const PREEMPTION_MARGIN = 10;

/**
 * A node that nobody has, with nothing on it.
 *
 * @throws UserError where more is kept of it than it has
 */
export function describedNode(name: string, whole: Space, reserved: Space): Room {
  const short = DIMENSIONS.filter((dimension) => reserved[dimension] > whole[dimension]);
  if (short.length > 0) {
    const message = `${name} has less ${short.join(" and ")} than is kept of it; write less, or a larger --node`;
    throw UserError.at("--reserve", message, "capacity/reserve");
  }
  const free = minus(whole, reserved);
  const address = "its address";
  const room: Room = {
    name,
    whole: free,
    free,
    addresses: new Map([[DEFAULT_NETWORK, [address]]]),
    ports: new Map([[address, unusedPorts()]]),
    jobs: new Map(),
    takes: () => true,
    preempted: () => ({ room, jobs: [] }),
  };
  return room;
}

/**
 * The nodes of a cluster that take allocations, with what runs there.
 *
 * @param anew jobs that are counted anew: what runs of them takes no room
 */
export async function liveNodes(nomad: NomadClient, anew: ReadonlySet<string> = new Set()): Promise<readonly Room[]> {
  const stubs = (await nomad.readyNodes()).filter(
    ({ SchedulingEligibility: eligibility }) => eligibility === "eligible",
  );
  return Promise.all(
    stubs.map(async ({ ID }) => {
      const allocations = await nomad.nodeAllocations(ID);
      return roomOf(
        await nomad.node(ID),
        allocations.filter(({ JobID }) => !anew.has(JobID)),
      );
    }),
  );
}

type Running = Awaited<ReturnType<NomadClient["nodeAllocations"]>>;

function roomOf(node: NodeJson, allocations: Running): Room {
  const running = allocations.filter(({ ClientStatus }) => !["complete", "failed", "lost"].includes(ClientStatus));
  const { NodeResources: has, ReservedResources: reserved } = node;
  const whole = minus(
    { cpu: has.Cpu.CpuShares, memory: has.Memory.MemoryMB, disk: has.Disk.DiskMB },
    {
      cpu: reserved?.Cpu?.CpuShares ?? 0,
      memory: reserved?.Memory?.MemoryMB ?? 0,
      disk: reserved?.Disk?.DiskMB ?? 0,
    },
  );
  const used = running.map(({ AllocatedResources: resources }) => spaceOf(resources)).reduce(plus, NOTHING);
  const jobs = new Map<string, number>();
  for (const { JobID } of running) jobs.set(JobID, (jobs.get(JobID) ?? 0) + 1);
  const ports = portsOf(node);
  for (const { HostIP, Value } of running.flatMap(
    ({ AllocatedResources }) => AllocatedResources?.Shared?.Ports ?? [],
  )) {
    const held = ports.get(HostIP);
    if (held) ports.set(HostIP, withUsed(held, Value));
  }
  return {
    name: node.Name,
    whole,
    free: minus(whole, used),
    addresses: addressesOf(node),
    ports,
    jobs,
    takes: ({ datacenters, nodePool, drivers }) =>
      datacenters.some((pattern) => matches(pattern, node.Datacenter)) &&
      (nodePool === "all" || nodePool === (node.NodePool ?? "default")) &&
      drivers.every((driver) => node.Drivers?.[driver]?.Healthy === true),
    preempted: (priority) => {
      // Of what does not say its priority nothing is taken for granted.
      const stays = ({ Job: job }: Running[number]) => !job || job.Priority > priority - PREEMPTION_MARGIN;
      const stopped = running.filter((allocation) => !stays(allocation));
      return { room: roomOf(node, running.filter(stays)), jobs: stopped.map(({ JobID }) => JobID) };
    },
  };
}

/** The ports of each address of a node, without what runs there. */
function portsOf({ NodeResources: has, ReservedResources: reserved }: NodeJson): Map<string, AddressPorts> {
  const range = {
    from: has.MinDynamicPort || USUAL_DYNAMIC_PORTS.from,
    to: has.MaxDynamicPort || USUAL_DYNAMIC_PORTS.to,
  };
  const ofNode = portRanges(reserved?.Networks?.ReservedHostPorts ?? "");
  const addresses = (has.NodeNetworks ?? []).flatMap(({ Addresses }) => Addresses ?? []);
  return new Map(
    addresses.map(({ Address, ReservedPorts }) => [
      Address,
      unusedPorts(range, [...ofNode, ...portRanges(ReservedPorts)]),
    ]),
  );
}

function addressesOf({ NodeResources: { NodeNetworks: networks } }: NodeJson): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { Alias, Address } of (networks ?? []).flatMap(({ Addresses }) => Addresses ?? []))
    found.set(Alias, [...(found.get(Alias) ?? []), Address]);
  return found;
}

/** What an allocation takes of its node, counted as its job's demand is. */
function spaceOf(resources: AllocatedResources | null | undefined): Space {
  const tasks = Object.entries(resources?.Tasks ?? {}).map(([task, { Cpu, Memory }]) => {
    const lifecycle = resources?.TaskLifecycles?.[task];
    return {
      hook: lifecycle?.Hook ?? "",
      sidecar: lifecycle?.Sidecar === true,
      space: { cpu: Cpu.CpuShares, memory: Memory.MemoryMB, disk: 0 },
    };
  });
  return { ...overALife(tasks), disk: resources?.Shared?.DiskMB ?? 0 };
}

/** Datacenters may be written with `*`. */
function matches(pattern: string, datacenter: string): boolean {
  const text = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${text}$`).test(datacenter);
}
