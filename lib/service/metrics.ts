import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { sharedAnswer } from "../nomad";
import type { Pools } from "./pools";

/** Seconds; a warm claim takes milliseconds, a job of its own a second. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Durations of claims that are kept until somebody takes them. */
const KEPT = 1000;

/** How long figures of the pools are shared by all who ask, in milliseconds. */
const SHARED = 1000;

/** Claims of a pool since the last time that somebody took them, for figures over time. */
export interface ClaimTally {
  readonly warm: number;
  readonly all: number;
  /** Milliseconds that warm ones took, of a thousand at most. */
  readonly durations: readonly number[];
}

/** How a claim was answered. */
export type ClaimOutcome = "warm" | "cold" | "busy" | "error";

/** What the service counts, in a registry of its own. Its labels are names of pools, routes and statuses: nothing that came in. */
export class Metrics {
  readonly registry = new Registry();
  readonly #claims = new Histogram({
    name: "cdk_nomad_pool_claim_seconds",
    help: "Time from a request to a container of a pool (warm), or to the end of a job of its own (cold).",
    labelNames: ["pool", "road"],
    buckets: BUCKETS,
    registers: [this.registry],
  });
  readonly #outcomes = new Counter({
    name: "cdk_nomad_pool_claims_total",
    help: "Claims by how they were answered: warm, cold, busy or error.",
    labelNames: ["pool", "outcome"],
    registers: [this.registry],
  });
  readonly #commands = new Histogram({
    name: "cdk_nomad_pool_execution_seconds",
    help: "Time of commands, by how they ended.",
    labelNames: ["ended"],
    buckets: [...BUCKETS, 60, 300],
    registers: [this.registry],
  });
  readonly #requests = new Counter({
    name: "cdk_nomad_service_requests_total",
    help: "Requests by route and status.",
    labelNames: ["method", "route", "status"],
    registers: [this.registry],
  });
  readonly #hits = new Map<string, { warm: number; all: number }>();
  readonly #tallies = new Map<string, { warm: number; all: number; durations: number[] }>();
  readonly running: Gauge;

  constructor(pools: Pools, now: () => number) {
    this.running = new Gauge({
      name: "cdk_nomad_pool_executions",
      help: "Commands that run now.",
      registers: [this.registry],
    });
    this.addPoolGauges(pools, now);
    this.addHitRate();
  }

  /** A claim and how long it took, in milliseconds. */
  claimed(pool: string, outcome: ClaimOutcome, duration: number): void {
    this.#outcomes.inc({ pool, outcome });
    if (outcome === "error") return;
    const tally = this.#tallies.get(pool) ?? { warm: 0, all: 0, durations: [] };
    this.#tallies.set(pool, tally);
    tally.all += 1;
    if (outcome === "warm") {
      tally.warm += 1;
      // However many there are, their figures take no more memory.
      if (tally.durations.length < KEPT) tally.durations.push(duration);
      else tally.durations[tally.warm % KEPT] = duration;
    }
    if (outcome !== "busy") this.#claims.observe({ pool, road: outcome }, duration / 1000);
    const hits = this.#hits.get(pool) ?? { warm: 0, all: 0 };
    this.#hits.set(pool, { warm: hits.warm + (outcome === "warm" ? 1 : 0), all: hits.all + 1 });
  }

  /** The claims of a pool since this was asked the last time. */
  takeTally(pool: string): ClaimTally {
    const tally = this.#tallies.get(pool) ?? { warm: 0, all: 0, durations: [] };
    this.#tallies.delete(pool);
    return tally;
  }

  /** A command and how long it took, in milliseconds. */
  executed(ended: "exited" | "timeout" | "cancelled" | "lost", duration: number): void {
    this.#commands.observe({ ended }, duration / 1000);
  }

  requested(method: string, route: string, status: number): void {
    this.#requests.inc({ method, route, status });
  }

  private addHitRate(): void {
    const hits = this.#hits;
    new Gauge({
      name: "cdk_nomad_pool_hit_ratio",
      help: "The part of the claims since the service started that a container of the pool answered: 0 to 1.",
      labelNames: ["pool"],
      registers: [this.registry],
      collect() {
        for (const [pool, { warm, all }] of hits) this.set({ pool }, warm / all);
      },
    });
  }

  private addPoolGauges(pools: Pools, now: () => number): void {
    const stats = sharedAnswer(SHARED, now, () => pools.stats());
    // What cannot be known is left out, and not shown as none.
    const current = async () => (await stats().catch(() => [])).filter(({ upToDate }) => upToDate);
    for (const [name, help] of [
      ["free", "Containers that could be claimed now."],
      ["leased", "Containers that somebody holds."],
      ["coming", "Containers that are starting, or being replaced."],
      ["target", "Containers that the pool is to have."],
      ["queue", "Callers that wait for a container."],
    ] as const) {
      new Gauge({
        name: `cdk_nomad_pool_${name}`,
        help,
        labelNames: ["pool"],
        registers: [this.registry],
        async collect() {
          this.reset();
          for (const each of await current()) this.set({ pool: each.pool }, each[name]);
        },
      });
    }
  }
}
