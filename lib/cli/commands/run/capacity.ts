import {
  capacityOf,
  describedNode,
  liveNodes,
  NOTHING,
  parseNode,
  parseSpace,
  type Capacity,
  type Demand,
  type Fit,
  type GroupCapacity,
  type Room,
  type Space,
} from "../../../operations";
import type { JobJson } from "../../../nomad";
import { join, joinLines, style, table, term, wrap, type TerminalText } from "../../../text";
import { clients, clusterHere, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { jobsOf } from "../../jobs";
import { ATTENTION } from "../../symbols";
import type { Input } from "../capacity";

/** Says how many of each job fit on nodes that are described, or on those of the cluster. */
export async function run(input: Input, context: CliContext) {
  const { terminal } = context;
  const described = input.node.map((text) => parseNode(text, "--node"));
  const reserved = input.reserve === undefined ? NOTHING : parseSpace(input.reserve, "--reserve", 0);
  terminal.progress().step("reading the jobs");
  const jobs = (await jobsOf(input.stack, input.job, input, context)).map((job) => job.toApi().Job as JobJson);
  const rooms =
    described.length > 0
      ? described.map((space, index) => describedNode(`node ${index + 1}`, space, reserved))
      : await roomsOfCluster(new Set(jobs.map(({ ID }) => ID)), context);
  const found = capacityOf(jobs, rooms);
  if (input.json) terminal.json(toJson(input.stack, found));
  else terminal.print(capacityText(found));
  return found.groups.every(fits) ? EXIT.ok : EXIT.noRoom;
}

/** What runs of the jobs themselves is counted anew, so that the answer is about all of them. */
async function roomsOfCluster(jobs: ReadonlySet<string>, context: CliContext): Promise<readonly Room[]> {
  const { terminal } = context;
  const { nomad, consul } = clients(context, clusterHere(context));
  try {
    terminal.progress().step(`asking Nomad at ${nomad.address} what its nodes have left`);
    return await liveNodes(nomad, jobs);
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

function capacityText({ groups, before, after }: Capacity): TerminalText {
  const rows = groups.map((group) => [
    demandName(group.demand),
    needs(group.demand),
    style.bold(term`${group.alone.count}`),
    binds(group.alone),
    group.wanted === 0 ? term`-` : term`${group.placed}/${group.wanted}`,
    group.more,
  ]);
  const head = [term`GROUP`, term`NEEDS`, term`FIT ALONE`, term`WHAT BINDS`, term`PLACED`, term`THEN MORE`];
  const leftOut = groups.flatMap(({ demand }) =>
    demand.leftOut.length > 0 ? [term`${demandName(demand)}: ${demand.leftOut.join(", ")}`] : [],
  );
  const short = groups.filter((group) => !fits(group));
  const rest = after.map((room) => term`${sizeInWords(room.free)} on ${room.name}`);
  const missing = short.map(({ demand, placed, wanted }) => term`${demandName(demand)} ${placed} of ${wanted}`);
  const sentence =
    short.length === 0
      ? term`all of it fits, and leaves ${join(rest, term`, `)}`
      : term`${ATTENTION} not all of it fits: ${join(missing, term`, `)}`;
  const shared = groups.flatMap(({ demand }) => portsOnAddresses(demand, before));
  return joinLines([
    ...before.map((room) => term`${room.name}: ${sizeInWords(room.free)} for allocations`),
    term``,
    table(head, rows),
    term``,
    wrap(sentence, { hanging: 2 }),
    ...shared.map((line) => wrap(line, { hanging: 2 })),
    ...(leftOut.length > 0 ? [term``, term`not looked at:`] : []),
    ...leftOut.map((line) => wrap(line, { indent: 2, hanging: 2 })),
  ]);
}

/** Whether every allocation that a group asks for finds a place. */
function fits({ placed, wanted }: GroupCapacity): boolean {
  return placed >= wanted;
}

function demandName({ job, group }: Demand): string {
  return `${job} ${group}`;
}

function needs({ space, ports, distinctHosts }: Demand): string {
  const disk = space.disk > 300 ? [`${mebibytes(space.disk)} disk`] : [];
  const port = ports.length > 0 ? [`port ${ports.map((each) => each.port).join(", ")}`] : [];
  return [`${space.cpu} MHz`, mebibytes(space.memory), ...disk, ...port, ...(distinctHosts ? ["own node"] : [])].join(
    ", ",
  );
}

/** Nomad gives a static port once for each address of a node, which nobody expects of a port. */
function portsOnAddresses(demand: Demand, rooms: readonly Room[]): readonly TerminalText[] {
  return rooms.flatMap(({ name, addresses }) => {
    const found = [...new Set(demand.ports.flatMap(({ network }) => addresses.get(network) ?? []))];
    return found.length > 1
      ? [term`${demandName(demand)}: Nomad gives its port once for each address of ${name}: ${found.join(", ")}`]
      : [];
  });
}

/** What holds the next one back, and what the other dimensions would allow. */
function binds({ count, limits, alone }: Fit): string {
  const names = limits.map(({ limit }) => limit);
  const others = (["cpu", "memory"] as const).filter((dimension) => !names.includes(dimension));
  const more = others.filter((dimension) => alone[dimension] > count);
  const rest = more.map((dimension) => `${dimension} ${alone[dimension]}`);
  return `${names.join(", ")}${rest.length > 0 ? ` (by ${rest.join(", by ")})` : ""}`;
}

function sizeInWords({ cpu, memory }: Space): string {
  return `${cpu} MHz, ${mebibytes(memory)}`;
}

function mebibytes(amount: number): string {
  return amount >= 1024 && Number.isInteger(amount / 256) ? `${amount / 1024} GiB` : `${amount} MiB`;
}

function toJson(name: string, { groups, before, after }: Capacity) {
  const rooms = (list: readonly Room[]) => list.map(({ name: node, whole, free }) => ({ name: node, whole, free }));
  const group = ({ demand, alone, wanted, placed, more }: GroupCapacity) => ({
    job: demand.job,
    group: demand.group,
    needs: { ...demand.space, ports: demand.ports, distinctHosts: demand.distinctHosts },
    fit: alone.count,
    limits: alone.limits,
    alone: alone.alone,
    count: wanted,
    placed,
    more,
    notLookedAt: demand.leftOut,
  });
  return { target: name, groups: groups.map(group), nodes: rooms(before), after: rooms(after) };
}
