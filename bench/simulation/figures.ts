import { withCluster } from "../../__tests__/support/cluster";
import { Forecast } from "../../lib/pools/containers/forecast";
import { milliseconds, type Percentiles } from "../pools/figures";
import type { Figure } from "../synthesis";
import { measureCosts } from "./costs";
import { burstyDay, fixedFor, replay } from "./day";
import { bareWrites, claims, replacements } from "./held";
import { simulate } from "./run";
import { onOneConsul, WHOLE } from "./scenarios";

/** Beyond that a simulated figure is not the measured one. */
const WITHIN = 0.2;
const DAYS = 25;

const THEMES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = { whole, limits, held, day, costs };

/** What the simulation says. @param only one theme. Default: all of them, but for `costs`, which asks a real Consul */
export async function measureSimulation(only?: string): Promise<readonly Figure[]> {
  const names = Object.keys(THEMES);
  if (only !== undefined && !names.includes(only)) throw new Error(`"${only}" is no theme; write ${names.join(", ")}`);
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(THEMES))
    if (only === name || (only === undefined && name !== "costs")) figures.push(...(await measure()));
  return figures;
}

/** A thousand nodes with a hundred thousand slots, while everything fails. */
async function whole(): Promise<readonly Figure[]> {
  const { claims: made, hitRate, p50, p99, idle, doubles, left, busy, perSecond } = await simulate(WHOLE, progress());
  console.log(`  ${JSON.stringify({ made, perSecond, busy })}`);
  const answered = made.hit + made.queued + made.dead;
  const of = `${answered} claims of 100,000 slots by 50 managers`;
  return [
    none(`${of}: leases that two had`, doubles.length),
    none(`${of}: claims beyond their deadline`, made.late),
    none(`${of}: leases that are left 30 s after`, left),
    // Every tenth caller asks a process that is killed, stopped or cut off for seconds: these figures are told, and have no goal.
    told(`${of}: found a container that waited and answers`, `${(hitRate * 100).toFixed(2)} %`, true),
    told(`${of}, p50 / p99`, `${milliseconds(p50)} / ${milliseconds(p99)}`, true),
    told(`${of}: slots that wait in the mean`, String(Math.round(idle)), true),
  ];
}

/** Says what has been simulated, and how long that took. */
function progress(): (step: string) => void {
  const start = performance.now();
  return (step) => console.error(`  ${step}, after ${Math.round((performance.now() - start) / 1000)} s`);
}

/** How much of one Consul of eight processors pools take, by how many there are and how many managers each has. */
async function limits(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [pools, managers, rate] of [
    [10, 3, 0.001],
    [10, 3, 100],
    [10, 3, 400],
    [1, 1, 0.001],
    [1, 10, 0.001],
    [1, 20, 0.001],
  ] as const) {
    const { perSecond, busy, watchers, p50, p99 } = await simulate(onOneConsul(pools, managers, rate));
    const { transactions, changes, lists, listed, reads, nomad } = perSecond;
    const shown = [transactions, changes, reads, lists, listed, nomad].map(Math.round).join(", ");
    figures.push(
      told(
        `${pools} pools of 100, ${managers} managers each, ${Math.round(rate)} claims a second (p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}): transactions, changes, reads, lists, objects listed, Nomad's requests a second; blocking queries; part of Consul's processors`,
        `${shown}; ${watchers}; ${(busy.consul * 100).toFixed(1)} %`,
        busy.consul < 1,
      ),
    );
  }
  return figures;
}

/** Beside what was measured on two processors, see docs/benchmarks.md: bare writes are what the model is calibrated by, the others follow from it. */
async function held(): Promise<readonly Figure[]> {
  const beside = (what: string, { p50 }: Percentiles, measured: number): Figure =>
    told(
      `${what}, p50: simulated beside ${measured} ms`,
      `${milliseconds(p50)} (${((p50 / measured - 1) * 100).toFixed(0)} %)`,
      Math.abs(p50 / measured - 1) <= WITHIN,
    );
  return [
    beside("bare writes of 8 callers", await bareWrites(), 1.17),
    beside("a claim, one process of 8 callers", await claims(1, 0), 1.72),
    beside("a claim, 3 processes of 8 callers", await claims(3, 2), 4.85),
    beside("a stopped container is replaced", await replacements(1, 30), 508),
    beside("10 at once are replaced", await replacements(10, 5), 1470),
  ];
}

/** Bursty days: how many claims find a container, and how many containers wait for that. */
function day(): Promise<readonly Figure[]> {
  const days = Array.from({ length: DAYS }, (_, seed) => {
    const arrivals = burstyDay(seed + 1);
    return { ...replay(arrivals, new Forecast({ min: 2, max: 100 })), fixed: fixedFor(arrivals, 0.99) };
  });
  const mean = (of: (one: (typeof days)[number]) => number) => days.reduce((sum, one) => sum + of(one), 0) / DAYS;
  const least = Math.min(...days.map(({ hitRate }) => hitRate));
  const part = Math.max(...days.map(({ idle, fixed }) => idle / fixed.idle));
  return Promise.resolve([
    told(
      `claims that find a container, of ${DAYS} bursty days the worst`,
      `${(least * 100).toFixed(2)} %`,
      least >= 0.99,
    ),
    told(
      `containers that wait idle, in the mean; of a pool of one size with 99 %`,
      `${mean(({ idle }) => idle).toFixed(1)}; ${mean(({ fixed }) => fixed.idle).toFixed(1)} (at worst ${(part * 100).toFixed(0)} %)`,
      part <= 0.5,
    ),
  ]);
}

async function costs(): Promise<readonly Figure[]> {
  return (await withCluster({}, measureCosts)).map(({ what, server, client, p50, p99 }) =>
    told(
      `${what}: milliseconds of Consul's processors, of the asking process; p50 / p99`,
      `${server.toFixed(3)}, ${client.toFixed(3)}; ${milliseconds(p50)} / ${milliseconds(p99)}`,
      true,
    ),
  );
}

function none(what: string, count: number): Figure {
  return { what, value: String(count), goal: "0", reached: count === 0 };
}

function told(what: string, value: string, reached: boolean): Figure {
  return { what, value, goal: "", reached };
}
