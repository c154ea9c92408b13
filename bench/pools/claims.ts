import { setTimeout as sleep } from "node:timers/promises";
import { Claimants } from "../../__tests__/support/claimants";
import type { ClaimantOptions } from "../../__tests__/support/claimant";
import type { ClusterEnvironment, TestCluster } from "../../__tests__/support/cluster";
import { consulConnection, nomadConnection } from "../../lib/nomad";
import { ABSENT, ConsulStore, LeaseBook, NomadStore, type Store } from "../../lib/pools";
import { doublesIn } from "../../lib/pools/testing";
import type { Figure } from "../synthesis";
import { figure, milliseconds, percentiles, type Percentiles } from "./figures";

const SLOTS = 30;
const CALLERS = 8;

type Kind = "consul" | "nomad";

/**
 * How long a claim takes beside a bare check-and-set of the same store, in turn; and what becomes of the leases while managers are killed at
 * random. Slots are bare names, and to end one does nothing: what is measured is the leases alone.
 */
export async function measureClaims(cluster: TestCluster, claims = 2000): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const kind of ["consul", "nomad"] as const) {
    const name = kind === "consul" ? "Consul" : "Nomad";
    const { environment } = cluster;
    const one = await measureOne(kind, environment, claims);
    const three = await measureThree(kind, environment, claims);
    console.log(`  ${name}: bare check-and-set by ${CALLERS} callers ${words(one.bare)}`);
    console.log(`  ${name}: a claim, one process of ${CALLERS} callers ${words(one.claims)}`);
    console.log(`  ${name}: a claim, 3 processes of ${CALLERS} callers ${words(three.claims)}`);
    // The goals are Consul's, which a cluster has that leases thousands of times a second.
    const goal = (limit: number) => (kind === "consul" ? limit : limit * 3);
    figures.push(
      figure(`${name}: claim, one process of 8 callers, p50`, one.claims.p50, goal(2), milliseconds),
      figure(`${name}: claim, one process of 8 callers, p99`, one.claims.p99, goal(10), milliseconds),
      figure(`${name}: claim, 3 processes of 8 callers over 30 slots, p50`, three.claims.p50, goal(10), milliseconds),
      figure(`${name}: claim, 3 processes of 8 callers over 30 slots, p99`, three.claims.p99, goal(100), milliseconds),
      figure(
        `${name}: claims that another manager was first with`,
        three.conflicts * 100,
        10,
        (value) => `${value.toFixed(1)} %`,
      ),
      ...(await measureChaos(kind, environment, claims)),
    );
  }
  return figures;
}

function storeOf(kind: Kind, environment: ClusterEnvironment): Store {
  return kind === "consul"
    ? new ConsulStore(consulConnection(environment))
    : new NomadStore(nomadConnection(environment));
}

/** Claims of one process, and bare writes of the same number of callers, in rounds that take turns. */
async function measureOne(kind: Kind, environment: ClusterEnvironment, claims: number) {
  const store = storeOf(kind, environment);
  const slots = Array.from({ length: SLOTS }, (_, number) => `slot-${number}`);
  const book = new LeaseBook({
    ...{ store, pool: "bench-one", candidates: () => slots, end: () => Promise.resolve("free" as const) },
  });
  await book.start();
  const times = { claims: [] as number[], bare: [] as number[] };
  const versions = new Map<string, number>();
  const bare = async (caller: number, count: number) => {
    const key = `pools/bench-bare/slots/${caller}`;
    const version = await store.write(key, `${caller} ${count} ${performance.now()}`, versions.get(key) ?? ABSENT);
    if (version !== undefined) versions.set(key, version);
  };
  const rounds = 10;
  for (let round = 0; round <= rounds; round += 1)
    for (const what of ["bare", "claims"] as const)
      await Promise.all(
        Array.from({ length: CALLERS }, async (_, caller) => {
          for (let count = 0; count < claims / rounds / CALLERS; count += 1) {
            const began = performance.now();
            const lease = what === "bare" ? await bare(caller, count) : await book.claim({ owner: `caller ${caller}` });
            // The first round does not count.
            if (round > 0) times[what].push(performance.now() - began);
            if (lease) await book.release(lease, { end: false });
          }
        }),
      );
  await book.stop();
  await store.close();
  return { claims: percentiles(times.claims), bare: percentiles(times.bare) };
}

/** Claims of three processes at once. */
async function measureThree(kind: Kind, environment: ClusterEnvironment, claims: number) {
  const claimants = new Claimants(environment);
  try {
    const options = { store: kind, pool: "bench-three", slots: SLOTS, callers: CALLERS, hold: 2, end: 0 };
    const each = { ...options, claims: Math.ceil(claims / 3), timeout: 30_000, ends: true, warmUp: 100 };
    for (let process = 0; process < 3; process += 1) claimants.start(each);
    await claimants.ended();
    const figures = claimants.lines().flatMap((line) => (line.kind === "figures" ? [line] : []));
    const doubles = doublesIn(claimants.history());
    if (doubles.length > 0) throw new Error(`leased twice: ${JSON.stringify(doubles.slice(0, 3))}`);
    const conflicts = figures.reduce((sum, line) => sum + line.conflicts, 0);
    return {
      claims: percentiles(figures.map(({ waited }) => waited)),
      conflicts: conflicts / (conflicts + figures.length),
    };
  } finally {
    await claimants.close();
  }
}

/** Three processes of which one is killed every second, until there are enough claims; then all are. */
export async function measureChaos(
  kind: Kind,
  environment: ClusterEnvironment,
  claims: number,
): Promise<readonly Figure[]> {
  const name = kind === "consul" ? "Consul" : "Nomad";
  const claimants = new Claimants(environment);
  const store = storeOf(kind, environment);
  const slots = Array.from({ length: SLOTS }, (_, number) => `slot-${number}`);
  const book = new LeaseBook({
    ...{ store, pool: "bench-chaos", candidates: () => slots, end: () => Promise.resolve("free" as const) },
  });
  try {
    await book.start();
    const options: Omit<ClaimantOptions, "name" | "file"> = {
      ...{ store: kind, pool: "bench-chaos", slots: SLOTS, callers: CALLERS, hold: 60 },
      ...{ claims: Number.MAX_SAFE_INTEGER, timeout: 5000, ends: false, warmUp: 0, end: 0.5 },
    };
    for (let process = 0; process < 3; process += 1) claimants.start(options);
    let kills = 0;
    while (claimed(claimants) < claims) {
      await sleep(700 + Math.random() * 600);
      await claimants.kill(claimants.running[Math.floor(Math.random() * 3)] ?? "");
      claimants.start(options);
      kills += 1;
    }
    await Promise.all(claimants.running.map((one) => claimants.kill(one)));
    const died = performance.now();
    const within30s = () => performance.now() - died < 30_000;
    while (book.state().free < SLOTS && within30s()) await sleep(10);
    const freed = performance.now() - died;
    while (book.state().managers.length > 1 && within30s()) await sleep(10);
    const { free, queue, managers } = book.state();
    await book.stop();
    const left = (await store.list("pools/bench-chaos/")).objects;
    const notFree = [...left.values()].filter(
      ({ key, value }) => !key.includes("/slots/") || !value.includes('"free"'),
    );
    const lines = claimants.lines();
    const doubles = doublesIn(claimants.history()).length;
    const late = lines.filter((line) => line.kind === "figures" && line.late > 0).length;
    console.log(
      `  ${name}: ${claimed(claimants)} claims, ${kills} managers killed; ${troubles(claimants)} troubles told`,
    );
    return [
      {
        what: `${name}: leases of ${claimed(claimants)} claims under ${kills} kills that two had at once, and claims beyond their deadline`,
        value: `${doubles}, ${late}`,
        goal: "0, 0",
        reached: doubles === 0 && late === 0,
      },
      {
        what: `${name}: leases, tickets, other objects left by dead managers`,
        value: `${SLOTS - free}, ${queue}, ${notFree.length + managers.length - 1}`,
        goal: "0, 0, 0",
        reached: free === SLOTS && queue === 0 && notFree.length === 0,
      },
      figure(`${name}: leases of managers that are killed are free after`, freed, 3000, milliseconds),
    ];
  } finally {
    await claimants.close();
    await store.close();
  }
}

function claimed(claimants: Claimants): number {
  return claimants.history().filter(({ kind }) => kind === "claimed").length;
}

function troubles(claimants: Claimants): number {
  return claimants.lines().filter(({ kind }) => kind === "trouble").length;
}

function words({ p50, p99, count }: Percentiles): string {
  return `${milliseconds(p50)} / ${milliseconds(p99)} (p50 / p99 of ${count})`;
}
