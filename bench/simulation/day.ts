import { Random } from "./random";

/** Something that decides how many containers a pool shall have, such as `Forecast`. */
export interface Sizing {
  /** So many were leased or waited for. @param now milliseconds */
  observe(demand: number, now: number): void;
  readonly size: number;
}

/** Somebody who claims a container and holds it. */
export interface Arrival {
  /** Seconds since midnight. */
  readonly at: number;
  /** In seconds. */
  readonly holds: number;
}

/** What came of a day. */
export interface DayOutcome {
  readonly claims: number;
  /** The part of claims that found a container that waited, from 0 to 1. */
  readonly hitRate: number;
  /** Containers that wait, in the mean of all seconds. */
  readonly idle: number;
  readonly largest: number;
}

const DAY = 86_400;
/** Claims a second at the busiest hour without bursts, and at the quietest as a part of it. */
const BUSIEST = 0.22;
const QUIETEST = 0.08;
/** The mean and the shape of how long a container is held, in seconds: half are short, and few are very long. */
const HELD = { mean: 90, shape: 1.6, longest: 3600 };
/** Bursts a day; how many times the usual rate, for how many seconds. */
const BURSTS = { count: 14, least: 2, most: 5, shortest: 120, longest: 1500 };
/** Moments of a day at which several come in one second, such as by a timetable, and how many at most. */
const BATCHES = { count: 30, most: 12 };
/** Seconds until a container that was used has another in its place, and until the pool is larger; see docs/benchmarks.md. */
const REPLACED = 1;
const GROWN = 3;

/**
 * A day of work: it rises in the morning and falls in the evening, comes by chance (Poisson), some is long (Pareto), and at some moments everybody comes at
 * once: half of those begin in a moment, half rise over minutes, and batches come in one second.
 */
export function burstyDay(seed: number): readonly Arrival[] {
  const random = new Random(seed);
  const bursts = Array.from({ length: BURSTS.count }, () => ({
    from: random.next() * DAY,
    lasts: BURSTS.shortest + random.next() * (BURSTS.longest - BURSTS.shortest),
    times: BURSTS.least + random.next() * (BURSTS.most - BURSTS.least),
    rises: random.next() < 0.5,
  }));
  const rate = (at: number) => {
    const rhythm = QUIETEST + (1 - QUIETEST) * Math.max(0, Math.sin(((at / DAY) * 2 - 0.55) * Math.PI)) ** 1.2;
    const burst = Math.max(
      1,
      ...bursts.map(({ from, lasts, times, rises }) => {
        const part = (at - from) / lasts;
        if (part < 0 || part > 1) return 1;
        return rises ? 1 + (times - 1) * Math.sin(part * Math.PI) : times;
      }),
    );
    return BUSIEST * rhythm * burst;
  };
  const held = () => Math.min(HELD.longest, random.pareto(HELD.mean, HELD.shape));
  const most = BUSIEST * BURSTS.most;
  const arrivals: Arrival[] = [];
  for (let at = random.exponential(1 / most); at < DAY; at += random.exponential(1 / most))
    if (random.next() < rate(at) / most) arrivals.push({ at, holds: held() });
  for (let batch = 0; batch < BATCHES.count; batch += 1) {
    const at = random.next() * DAY;
    for (let count = 2 + random.below(BATCHES.most - 1); count > 0; count -= 1)
      arrivals.push({ at: at + random.next(), holds: held() });
  }
  return arrivals.sort((a, b) => a.at - b.at);
}

/** Has a pool go through a day, a second at a time, as maintenance does. */
export function replay(arrivals: readonly Arrival[], sizing: Sizing): DayOutcome {
  let next = 0;
  let hits = 0;
  let idle = 0;
  let largest = 0;
  /** When the containers that are held come back, those who wait, and when those that are on their way are there. */
  let held: number[] = [];
  let coming: number[] = [];
  const waiting: Arrival[] = [];
  let free = sizing.size;
  for (let now = 0; now < DAY; now += 1) {
    const returned = held.filter((until) => until <= now);
    held = held.filter((until) => until > now);
    coming.push(...returned.map(() => now + REPLACED));
    free += coming.filter((there) => there <= now).length;
    coming = coming.filter((there) => there > now);
    while (waiting.length > 0 && free > 0) {
      const { holds } = waiting.shift() as Arrival;
      free -= 1;
      held.push(now + holds);
    }
    for (; (arrivals[next]?.at ?? DAY) < now + 1; next += 1) {
      const arrival = arrivals[next] as Arrival;
      if (free > 0) {
        hits += 1;
        free -= 1;
        held.push(now + arrival.holds);
      } else waiting.push(arrival);
    }
    sizing.observe(held.length + waiting.length, now * 1000);
    const has = free + held.length + coming.length;
    const target = sizing.size;
    for (let more = has; more < target; more += 1) coming.push(now + GROWN);
    free -= Math.min(free, Math.max(0, has - target), 20);
    idle += free;
    largest = Math.max(largest, has);
  }
  return { claims: arrivals.length, hitRate: hits / arrivals.length, idle: idle / DAY, largest };
}

/** The smallest pool of one size that has such a hit rate. */
export function fixedFor(arrivals: readonly Arrival[], hitRate: number): { readonly size: number } & DayOutcome {
  const of = (size: number) => ({ size, ...replay(arrivals, { observe: () => undefined, size }) });
  let [less, enough] = [0, of(512)];
  while (enough.size - less > 1) {
    const between = of(Math.floor((less + enough.size) / 2));
    if (between.hitRate >= hitRate) enough = between;
    else less = between.size;
  }
  return enough;
}
