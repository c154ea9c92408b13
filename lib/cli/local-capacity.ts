import { UserError, type Problem } from "../errors";
import { longSocketsOf, takenPorts, type LongSocket } from "../local";
import type { JobJson, NomadClient } from "../nomad";
import {
  capacityOf,
  demandsOf,
  jobsByRegion,
  liveNodes,
  preemptingTypes,
  preemptionFor,
  shortagesOf,
  type Preemption,
  type Room,
  type Shortage,
  type StackContents,
} from "../operations";
import { term, wrap } from "../text";
import { localCluster, type CliContext, type Telling } from "./context";
import { nodeNeedsInWords } from "./node-needs";
import type { OpenStack } from "./open-stack";
import { ATTENTION } from "./symbols";

/**
 * Looks at this machine before something is deployed to the embedded cluster, whose one node it is: whether the static ports of the jobs are
 * free, and whether there is room for them. A cluster elsewhere is not looked at.
 *
 * @throws UserError where somebody else has a port, with who it is: the job would fail with it, one restart after another
 */
export async function checkLocalCapacity(
  { contents, nomad }: OpenStack,
  context: Pick<CliContext, "cwd" | "machine"> & Telling,
): Promise<void> {
  const { cluster } = localCluster(context);
  if (!cluster.isAt(nomad.address)) return;
  const byRegion = jobsByRegion(jobsOf(contents));
  const regions = await Promise.all([...byRegion].map(([region, own]) => regionOf(nomad, region, own)));
  await refuseHeldPorts(jobsOf(contents), new Set(regions.flatMap(({ claimed }) => claimed)));
  for (const [region, own] of byRegion)
    for (const long of own.flatMap((job) => longSocketsOf(job, cluster.allocationsFolder(region))))
      context.terminal.note(term`${ATTENTION} ${longSocketInWords(long)}`);
  for (const { name, own, rooms, server } of regions) {
    const where = name === undefined ? term`` : term`region ${name}: `;
    const shortages = rooms.length > 0 ? shortagesOf(capacityOf(own, rooms)) : [];
    if (shortages.length === 0) continue;
    const types = await preemptingTypes(server);
    for (const shortage of shortages) {
      const preemption = preemptionFor(shortage, { jobs: own, rooms, types });
      const words =
        preemption && !preemption.rest
          ? preemptionInWords(shortage, preemption)
          : shortageInWords(shortage, preemption, { rooms, machine: context.machine });
      context.terminal.note(wrap(term`${ATTENTION} ${where}${words}`, { hanging: 2 }));
    }
  }
}

/**
 * Looks at the ports of a stack before the embedded cluster is started for it.
 *
 * @throws UserError as {@link checkLocalCapacity}
 */
export async function checkLocalPorts(contents: StackContents): Promise<void> {
  await refuseHeldPorts(jobsOf(contents), new Set());
}

function jobsOf({ objects }: StackContents): readonly JobJson[] {
  return objects.flatMap((item) => (item.kind === "job" ? [item.job] : []));
}

/** The jobs of a region, and what its node has left. */
interface Region {
  /** Undefined where the jobs name none. */
  readonly name: string | undefined;
  readonly server: NomadClient;
  readonly own: readonly JobJson[];
  /** Without what runs of the jobs themselves; none where that cannot be asked, which the deployment itself finds out. */
  readonly rooms: readonly Room[];
  /** Ports that allocations have, those of the jobs themselves among them. */
  readonly claimed: readonly number[];
}

async function regionOf(nomad: NomadClient, region: string | undefined, own: readonly JobJson[]): Promise<Region> {
  const server = region === undefined ? nomad : nomad.where({ Region: region });
  try {
    const rooms = await liveNodes(server, new Set(own.map(({ ID }) => ID)));
    const claimed = (await liveNodes(server)).flatMap(({ ports }) =>
      [...ports.values()].flatMap(({ used }) => [...used]),
    );
    return { name: region, server, own, rooms, claimed };
  } catch {
    return { name: region, server, own, rooms: [], claimed: [] };
  }
}

/** @param claimed ports that allocations of the cluster have: about those Nomad itself decides */
async function refuseHeldPorts(jobs: readonly JobJson[], claimed: ReadonlySet<number>): Promise<void> {
  const wanted = new Map<number, string>();
  for (const { job, group, ports, count } of jobs.flatMap(demandsOf))
    for (const { port } of count === 0 ? [] : ports)
      if (!claimed.has(port)) wanted.set(port, wanted.get(port) ?? `job "${job}", group "${group}"`);
  const taken = await takenPorts(Object.fromEntries([...wanted.keys()].map((port) => [String(port), port])));
  if (taken.length === 0) return;
  throw new UserError(
    taken.map(({ port, owner }): Problem => ({
      rule: "ports",
      path: [`${wanted.get(port) ?? ""}, port ${port}`],
      message: `is taken${owner ? ` by ${owner}` : ""}; end that, or give the job another port`,
      severity: "error",
    })),
  );
}

/** Drivers of Nomad that only root has, and only on Linux. */
const OF_ROOT = ["exec", "java"];

/** How many jobs are named of those that may be stopped. */
const NAMED = 5;

function preemptionInWords({ demand, wanted }: Shortage, { jobs }: Preemption): string {
  const all = wanted === 1 ? "it finds a place" : `all ${wanted} find a place`;
  const which = `${jobs.slice(0, NAMED).join(", ")}${jobs.length > NAMED ? ` and ${jobs.length - NAMED} more` : ""}`;
  return `${demand.job} ${demand.group}: ${all} only since Nomad stops allocations of lower priority for it, of ${which} (preemption is on for ${demand.type} jobs)`;
}

function shortageInWords(
  shortage: Shortage,
  preemption: Preemption | undefined,
  { rooms, machine: { platform, uid } }: { readonly rooms: readonly Room[]; readonly machine: CliContext["machine"] },
): string {
  const { demand, placed, wanted, missing } = preemption?.rest ?? shortage;
  const { job, group } = demand;
  const stopping = preemption ? `, ${preemption.gained} of them since Nomad stops allocations of lower priority` : "";
  const units = { cpu: "MHz of cpu", memory: "MiB of memory", disk: "MiB of disk" } as const;
  const amounts = Object.entries(missing).map(
    ([dimension, amount]) => `${amount} ${units[dimension as keyof typeof units]}`,
  );
  const takers = rooms.filter((room) => room.takes(demand));
  const rooted = platform === "linux" && uid === 0 ? [] : demand.drivers.filter((driver) => OF_ROOT.includes(driver));
  const hint = rooted.length > 0 ? ` (only root on Linux has ${rooted.join(" and ")})` : "";
  const why =
    takers.length === 0
      ? `${nodeNeedsInWords(demand)}${hint}`
      : amounts.length > 0
        ? `this machine lacks ${amounts.join(" and ")}`
        : "its ports, or a node of its own, are missing";
  return `${job} ${group}: ${placed} of ${wanted} find a place${stopping}; ${why}`;
}

function longSocketInWords({ job, group, what, length, most }: LongSocket): string {
  return (
    `${job} ${group}: ${what} will not work: the path of its socket has ${length} bytes, and a socket's has ${most} at most; ` +
    `put the project into a folder whose path is ${length - most} shorter`
  );
}
