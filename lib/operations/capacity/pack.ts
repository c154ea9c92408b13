import type { Demand } from "./demand";
import type { Room } from "./nodes";
import { claimed } from "./ports";
import { DIMENSIONS, minus } from "./space";

/** What holds an allocation back: a dimension, a port, the wish for a node of its own, or that no node takes the job. */
export type Limit = (typeof DIMENSIONS)[number] | "port" | "distinct hosts" | "no node takes it";

/** How many of a group fit. */
export interface Fit {
  readonly count: number;
  /** What holds the next one back, on how many nodes. */
  readonly limits: readonly { readonly limit: Limit; readonly nodes: number }[];
  /** How many each dimension alone would allow, on all nodes together. */
  readonly alone: Readonly<Record<(typeof DIMENSIONS)[number], number>>;
  /** The nodes with that many on them. */
  readonly after: readonly Room[];
}

/** Nobody needs to know of more. */
const MOST = 1_000_000;

/** As many of a group as fit beside what is there, none of any other job moved. */
export function howManyFit(demand: Demand, rooms: readonly Room[], most = MOST): Fit {
  const takers = rooms.filter((room) => room.takes(demand));
  const alone = Object.fromEntries(
    DIMENSIONS.map((dimension) => [
      dimension,
      takers.reduce((sum, { free }) => sum + times(free[dimension], demand.space[dimension]), 0),
    ]),
  ) as Fit["alone"];
  let after = [...rooms];
  let count = 0;
  for (; count < most; count += 1) {
    const next = place(demand, after);
    if (!next) break;
    after = next;
  }
  return { count, limits: limitsOf(demand, after), alone, after };
}

function times(room: number, one: number): number {
  return one > 0 ? Math.max(0, Math.floor(room / one)) : MOST;
}

/** The nodes with one more of a group on the node that Nomad's bin packing prefers; undefined where it fits on none. */
export function place(demand: Demand, rooms: readonly Room[]): Room[] | undefined {
  const fitting = rooms.filter((room) => limitOn(demand, room) === undefined);
  const [first, ...others] = fitting;
  if (!first) return undefined;
  const best = others.reduce((found, room) => (score(demand, room) > score(demand, found) ? room : found), first);
  return rooms.map((room) => (room === best ? withOne(demand, room) : room));
}

/** What keeps one more of a group off a node; Nomad looks at ports before it adds up. */
function limitOn(demand: Demand, room: Room): Limit | undefined {
  if (!room.takes(demand)) return "no node takes it";
  if (demand.distinctHosts && (room.jobs.get(demand.job) ?? 0) > 0) return "distinct hosts";
  if (!claimed(demand, room.addresses, room.ports)) return "port";
  return DIMENSIONS.find((dimension) => room.free[dimension] < demand.space[dimension]);
}

function limitsOf(demand: Demand, rooms: readonly Room[]): Fit["limits"] {
  const limits = rooms.flatMap((room) => limitOn(demand, room) ?? []);
  const real = limits.filter((limit) => limit !== "no node takes it");
  const counted = real.length > 0 ? real : limits;
  return [...new Set(counted)].map((limit) => ({ limit, nodes: counted.filter((each) => each === limit).length }));
}

function withOne(demand: Demand, room: Room): Room {
  return {
    ...room,
    free: minus(room.free, demand.space),
    ports: claimed(demand, room.addresses, room.ports) ?? room.ports,
    jobs: new Map(room.jobs).set(demand.job, (room.jobs.get(demand.job) ?? 0) + 1),
  };
}

/**
 * How well Nomad likes an allocation on a node: the fuller the node gets the better, and others of the same job are avoided. It looks at
 * a few nodes of a shuffled list only, so with more than two nodes it may choose otherwise.
 *
 * @see https://developer.hashicorp.com/nomad/docs/concepts/scheduling/placement
 */
function score(demand: Demand, room: Room): number {
  const free = minus(room.free, demand.space);
  const rest = (dimension: "cpu" | "memory") => 10 ** (free[dimension] / room.whole[dimension]);
  const packing = Math.min(18, Math.max(0, 20 - rest("cpu") - rest("memory"))) / 18;
  const same = room.jobs.get(demand.job) ?? 0;
  if (same === 0) return packing;
  return (packing - (same + 1) / Math.max(1, Number(demand.count) || 1)) / 2;
}
