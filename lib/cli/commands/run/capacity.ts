import {
  capacityOf,
  describedNode,
  jobsByRegion,
  liveNodes,
  NOTHING,
  parseNode,
  parseSpace,
  regionAsked,
  type Capacity,
  type Demand,
  type Fit,
  type GroupCapacity,
  type Limit,
  type Room,
  type Space,
} from "../../../operations";
import type { JobJson } from "../../../nomad";
import { join, joinLines, style, table, term, wrap, type TerminalText } from "../../../text";
import { clients, clusterHere, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { jobsOf } from "../../jobs";
import { nodeNeedsInWords } from "../../node-needs";
import { ATTENTION } from "../../symbols";
import type { Input } from "../capacity";

/** Says how many of each job fit on nodes that are described, or on those of the cluster. */
export async function run(input: Input, context: CliContext) {
  const { terminal } = context;
  const described = input.node.map((text) => parseNode(text, "--node"));
  const reserved = input.reserve === undefined ? NOTHING : parseSpace(input.reserve, "--reserve", 0);
  terminal.progress().step("reading the jobs");
  const jobs = (await jobsOf(input.stack, input.job, input, context)).map((job) => job.toApi().Job as JobJson);
  const found =
    described.length > 0
      ? [
          {
            region: undefined,
            ...capacityOf(
              jobs,
              described.map((space, index) => describedNode(`node ${index + 1}`, space, reserved)),
            ),
          },
        ]
      : await onCluster(jobs, context);
  if (input.json) terminal.json(toJson(input.stack, found));
  else terminal.print(capacitiesText(found));
  return found.every(({ groups }) => groups.every(fits)) ? EXIT.ok : EXIT.noRoom;
}

/** What fits on the nodes of one region. */
interface RegionalCapacity extends Capacity {
  /** Undefined where nothing names one. */
  readonly region: string | undefined;
}

/** Each region's jobs on its own nodes. What runs of the jobs themselves is counted anew, so that the answer is about all of them. */
async function onCluster(jobs: readonly JobJson[], context: CliContext): Promise<readonly RegionalCapacity[]> {
  const { terminal } = context;
  const { nomad, consul } = clients(context, clusterHere(context));
  try {
    terminal.progress().step(`asking Nomad at ${nomad.address} what its nodes have left`);
    const named = jobsByRegion(jobs);
    // Where some name a region and some none, those may be the same one, whose nodes are there once.
    const asked =
      named.has(undefined) && named.size > 1
        ? (nomad.http.connection.query?.region ?? (await regionAsked(nomad, context.signal)))
        : undefined;
    return await Promise.all(
      [...jobsByRegion(jobs, asked)].map(async ([region, own]) => {
        const server = region === undefined ? nomad : nomad.where({ Region: region });
        return { region, ...capacityOf(own, await liveNodes(server, new Set(own.map(({ ID }) => ID)))) };
      }),
    );
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

function capacitiesText(found: readonly RegionalCapacity[]): TerminalText {
  if (found.length === 1) return joinLines(found.map(capacityText));
  return joinLines(
    found.flatMap((each, index) => [
      ...(index > 0 ? [term``] : []),
      style.bold(each.region === undefined ? term`no region named` : term`region ${each.region}`),
      capacityText(each),
    ]),
  );
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
  const nowhere = groups.filter(({ alone }) => alone.limits.some(({ limit }) => limit === NO_NODE));
  const shared = groups.flatMap(({ demand }) => portsOnAddresses(demand, before));
  return joinLines([
    ...before.map((room) => term`${room.name}: ${sizeInWords(room.free)} for allocations`),
    term``,
    table(head, rows),
    term``,
    wrap(sentence, { hanging: 2 }),
    ...nowhere.map(({ demand }) => wrap(term`${demandName(demand)}: ${nodeNeedsInWords(demand)}`, { hanging: 2 })),
    ...shared.map((line) => wrap(line, { hanging: 2 })),
    ...(leftOut.length > 0 ? [term``, term`not looked at:`] : []),
    ...leftOut.map((line) => wrap(line, { indent: 2, hanging: 2 })),
  ]);
}

const NO_NODE: Limit = "no node takes it";

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

function toJson(name: string, found: readonly RegionalCapacity[]) {
  const rooms = (which: "before" | "after") =>
    found.flatMap(({ region, [which]: list }) =>
      list.map(({ name: node, whole, free }) => ({ name: node, region, whole, free })),
    );
  const group = (region: string | undefined, { demand, alone, wanted, placed, more }: GroupCapacity) => ({
    job: demand.job,
    region,
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
  const groups = found.flatMap(({ region, groups: own }) => own.map((each) => group(region, each)));
  return { target: name, groups, nodes: rooms("before"), after: rooms("after") };
}
