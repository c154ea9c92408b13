import { doublesIn, type Double } from "../../lib/pools/testing";
import { percentiles } from "../pools/figures";
import { Callers, type Load } from "./callers";
import { World, type WorldOptions } from "./world";

/** Something that goes wrong, at a moment in milliseconds. */
export type Fault =
  | { readonly kind: "kill"; readonly at: number; readonly managers: number; readonly back: number }
  | { readonly kind: "partition"; readonly at: number; readonly managers: number; readonly lasts: number }
  | {
      readonly kind: "loss";
      readonly at: number;
      readonly managers: number;
      readonly lasts: number;
      readonly part: number;
    }
  | { readonly kind: "pause"; readonly at: number; readonly managers: number; readonly lasts: number }
  | { readonly kind: "slow"; readonly at: number; readonly lasts: number; readonly times: number }
  | { readonly kind: "leaderless"; readonly at: number; readonly lasts: number }
  | { readonly kind: "nodes"; readonly at: number; readonly nodes: number };

/** What is simulated. */
export interface Scenario {
  readonly world: WorldOptions;
  readonly load: Load;
  readonly faults: readonly Fault[];
}

/** What came of it. */
export interface Outcome {
  readonly claims: Callers["claims"];
  /** Of the claims that were answered with a container: those that found one free, which answers, as a part from 0 to 1. */
  readonly hitRate: number;
  readonly p50: number;
  readonly p99: number;
  /** Containers that run and nobody has, in the mean of all moments. */
  readonly idle: number;
  readonly doubles: readonly Double[];
  /** What of leases and places in queues stands in the stores, half a minute after the last caller at most. */
  readonly left: number;
  readonly events: number;
  readonly troubles: ReadonlyMap<string, number>;
  /** What was asked a second: of all Consuls together, and of Nomad. */
  readonly perSecond: Readonly<
    Record<"transactions" | "changes" | "reads" | "lists" | "listed" | "nomad" | "placed", number>
  >;
  /** Of the processors of the busiest Consul, and of Nomad's servers, from 0 to 1. */
  readonly busy: { readonly consul: number; readonly nomad: number };
  /** Questions that wait at one Consul for a change, at the end of the load. */
  readonly watchers: number;
  readonly history: Callers["history"];
}

/** The time in which what the dead had has to be free again, in milliseconds. */
const AFTERWARDS = 30_000;

/**
 * Simulates a scenario: the same one, with the same seed, comes out the same.
 *
 * @param onStep told after each step of what it is, for who waits: a large scenario takes many minutes. Default: nobody is told
 */
export async function simulate(
  { world: size, load, faults }: Scenario,
  onStep: (step: string) => void = () => undefined,
): Promise<Outcome> {
  const world = new World(size);
  await world.start();
  onStep("all pools are looked after");
  await world.clock.pass(2000);
  const callers = new Callers(world, load);
  world.onEvent = (event) => callers.heard(event);
  const before = counted(world);
  callers.begin();
  for (const fault of faults) world.clock.after(fault.at, () => spoil(world, callers, fault));
  const idle: number[] = [];
  for (let passed = 0; passed < load.lasts; passed += 1000) {
    await world.clock.pass(1000);
    idle.push(world.nomad.running - callers.held);
    onStep(`second ${(passed + 1000) / 1000} of ${load.lasts / 1000}`);
  }
  const after = counted(world);
  const watchers = Math.max(...world.consuls.map(({ asked }) => asked.blocked));
  // Who holds a container gives it back; then what the dead had has its time.
  for (let passed = 250; callers.active > 0; passed += 250) {
    await world.clock.pass(250);
    if (passed % 1000 === 0) onStep(`second ${passed / 1000} after it: ${callers.active} callers have not given back`);
  }
  onStep("all callers have given back what they had");
  for (let passed = 250; passed <= AFTERWARDS && leftIn(world) > 0; passed += 250) {
    await world.clock.pass(250);
    if (passed % 1000 === 0) onStep(`${passed / 1000} s later: ${leftIn(world)} leases and places in queues are left`);
  }
  const left = leftIn(world);
  world.end();
  const { claims, waited, history } = callers;
  const answered = claims.hit + claims.queued + claims.dead;
  const { p50, p99 } = percentiles(waited);
  const seconds = load.lasts / 1000;
  const rate = (key: keyof typeof before) => (after[key] - before[key]) / seconds;
  return {
    ...{ claims, hitRate: claims.hit / answered, p50, p99, left, history, watchers },
    idle: idle.reduce((sum, one) => sum + one, 0) / idle.length,
    doubles: doublesIn(history),
    events: history.length,
    troubles: world.troubles,
    perSecond: {
      ...{ transactions: rate("transactions"), changes: rate("changes"), reads: rate("reads") },
      ...{ lists: rate("lists"), listed: rate("listed"), nomad: rate("nomad"), placed: rate("placed") },
    },
    busy: {
      consul: rate("consulWork") / 1000 / size.consulProcessors,
      nomad: rate("nomadWork") / 1000 / size.nomadProcessors,
    },
  };
}

function spoil(world: World, callers: Callers, fault: Fault): void {
  const { clock, random } = world;
  if (fault.kind === "slow" || fault.kind === "leaderless") {
    for (const consul of world.consuls) {
      if (fault.kind === "slow") consul.slowness = fault.times;
      else consul.isAway = true;
      clock.after(fault.lasts, () => ((consul.slowness = 1), (consul.isAway = false)));
    }
    return;
  }
  if (fault.kind === "nodes") return world.nomad.lose(fault.nodes);
  const places = world.managers.map((_, place) => place);
  for (let count = 0; count < fault.managers && places.length > 0; count += 1) {
    const [place = 0] = places.splice(random.below(places.length), 1);
    const manager = world.managers[place];
    if (!manager || manager.isDead) continue;
    if (fault.kind === "kill") {
      world.kill(place, fault.back);
      callers.killed(manager);
    } else if (fault.kind === "pause") {
      manager.clock.pause();
      manager.stopped += fault.lasts;
      clock.after(fault.lasts, () => manager.clock.resume());
    } else
      for (const link of manager.links) {
        if (fault.kind === "partition") link.isCut = true;
        else link.loss = fault.part;
        clock.after(fault.lasts, () => ((link.isCut = false), (link.loss = 0)));
      }
  }
}

function counted(world: World) {
  const sum = (of: (consul: World["consuls"][number]) => number) =>
    world.consuls.reduce((all, one) => all + of(one), 0);
  return {
    transactions: sum(({ asked }) => asked.transactions),
    changes: sum(({ asked }) => asked.changes),
    reads: sum(({ asked }) => asked.reads),
    lists: sum(({ asked }) => asked.lists),
    listed: sum(({ asked }) => asked.listed),
    nomad: world.nomad.asked.requests,
    placed: world.nomad.asked.placed,
    consulWork: Math.max(...world.consulProcessors.map(({ worked }) => worked)),
    nomadWork: world.nomadProcessors.worked,
  };
}

/** Slots that are held or being ended, and places in queues. */
function leftIn(world: World): number {
  return world.pools
    .flatMap((pool) => world.consulOf(pool).entriesOf(pool))
    .filter(({ Key, Value }) => {
      if (Key.includes("/queue/")) return true;
      return Key.includes("/slots/") && !Buffer.from(Value, "base64").toString().includes('"state":"free"');
    }).length;
}
