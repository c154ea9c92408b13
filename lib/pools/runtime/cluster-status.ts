import pLimit from "p-limit";
import type { NodeAllocation, NodeJson, NomadClient } from "../../nomad";

/** How much there is of something, and how much of it is reserved by allocations. */
export interface Usage {
  /** How much there is. */
  readonly total: number;
  /** How much of it is reserved. */
  readonly used: number;
  /** How much of it is left. */
  readonly available: number;
  /** 0 to 100; 0 where there is none at all. */
  readonly utilizationPercent: number;
}

/** How a cluster does. */
export interface ClusterStatus {
  /** Whether it has a leader, and a node that takes allocations. */
  readonly healthy: boolean;
  /** How many nodes there are, and how many of them are ready. */
  readonly nodes: {
    /** All that are registered. */
    readonly total: number;
    /** Those that are ready. */
    readonly ready: number;
  };
  /** How many jobs there are, by their status. */
  readonly jobs: {
    /** All that are registered. */
    readonly total: number;
    /** Those that run. */
    readonly running: number;
    /** Those that wait for a place. */
    readonly pending: number;
    /** Those that have ended, or were stopped. */
    readonly dead: number;
  };
  /** Of all nodes that are ready. */
  readonly resources: {
    /** MHz. */
    readonly cpu: Usage;
    /** Memory, in MiB, as Nomad counts it. */
    readonly memory: {
      /** All of it. */
      readonly totalMB: number;
      /** What allocations have reserved. */
      readonly usedMB: number;
      /** What nobody has reserved. */
      readonly availableMB: number;
      /** The reserved part, 0 to 100. */
      readonly utilizationPercent: number;
    };
  };
}

/** Questions about nodes that are asked at a time. */
const AT_A_TIME = 8;

/** Asks a cluster how it does. What is used is what allocations that are not over have reserved. */
export async function clusterStatus(nomad: NomadClient): Promise<ClusterStatus> {
  const limit = pLimit(AT_A_TIME);
  const [leader, nodes, jobs] = await Promise.all([nomad.leader(), nomad.nodes(), nomad.jobs()]);
  const ready = nodes.filter(({ Status }) => Status === "ready");
  const usages = await Promise.all(
    ready.map(({ ID }) =>
      limit(async () => usageOf(...(await Promise.all([nomad.node(ID), nomad.nodeAllocations(ID)])))),
    ),
  );
  const sum = (of: (usage: NodeUsage) => number) => usages.reduce((total, usage) => total + of(usage), 0);
  const cpu = usage(
    sum(({ cpu }) => cpu.total),
    sum(({ cpu }) => cpu.used),
  );
  const memory = usage(
    sum(({ memory }) => memory.total),
    sum(({ memory }) => memory.used),
  );
  const count = (status: string) => jobs.filter(({ Status }) => Status === status).length;
  return {
    healthy: leader !== undefined && ready.length > 0,
    nodes: { total: nodes.length, ready: ready.length },
    jobs: { total: jobs.length, running: count("running"), pending: count("pending"), dead: count("dead") },
    resources: {
      cpu,
      memory: {
        totalMB: memory.total,
        usedMB: memory.used,
        availableMB: memory.available,
        utilizationPercent: memory.utilizationPercent,
      },
    },
  };
}

interface NodeUsage {
  readonly cpu: { readonly total: number; readonly used: number };
  readonly memory: { readonly total: number; readonly used: number };
}

function usageOf({ NodeResources: has, ReservedResources: kept }: NodeJson, all: readonly NodeAllocation[]): NodeUsage {
  const taken = all.filter(({ ClientStatus }) => isNotOver(ClientStatus)).map(takenBy);
  const sum = (of: (one: Taken) => number) => taken.reduce((total, one) => total + of(one), 0);
  return {
    cpu: { total: (has.Cpu.CpuShares ?? 0) - (kept?.Cpu.CpuShares ?? 0), used: sum(({ cpu }) => cpu) },
    memory: { total: (has.Memory.MemoryMB ?? 0) - (kept?.Memory.MemoryMB ?? 0), used: sum(({ memory }) => memory) },
  };
}

interface Taken {
  readonly cpu: number;
  readonly memory: number;
}

/** What one allocation reserves. Tasks that run before the others and end make room for them: the larger of both counts. */
function takenBy({ AllocatedResources: resources }: NodeAllocation): Taken {
  const before = { cpu: 0, memory: 0 };
  const main = { cpu: 0, memory: 0 };
  for (const [name, { Cpu, Memory }] of Object.entries(resources?.Tasks ?? {})) {
    const lifecycle = resources?.TaskLifecycles[name];
    const phase = lifecycle?.Hook === "prestart" && !lifecycle.Sidecar ? before : main;
    phase.cpu += Cpu.CpuShares ?? 0;
    phase.memory += Memory.MemoryMB ?? 0;
  }
  return { cpu: Math.max(before.cpu, main.cpu), memory: Math.max(before.memory, main.memory) };
}

function isNotOver(status: string): boolean {
  return status !== "complete" && status !== "failed" && status !== "lost";
}

function usage(total: number, used: number): Usage {
  const utilizationPercent = total > 0 ? Math.round((used / total) * 1000) / 10 : 0;
  return { total, used, available: total - used, utilizationPercent };
}
