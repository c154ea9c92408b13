import { setTimeout as sleep } from "node:timers/promises";
import { consulConnection, nomadConnection, type Connection } from "../../lib/nomad";
import { ConsulStore, LeaseBook, NomadStore, PoolBusyError, type Store } from "../../lib/pools";
import { doublesIn } from "../../lib/pools/testing";
import { Claimants } from "../support/claimants";
import { clusterForSuite } from "../support/cluster";
import { Proxy } from "../support/proxy";
import { until } from "../support/until";

const cluster = clusterForSuite();

const KINDS = [
  { kind: "consul" as const, address: () => cluster.addresses.CONSUL_HTTP_ADDR },
  { kind: "nomad" as const, address: () => cluster.addresses.NOMAD_ADDR },
];

describe.each(KINDS)("leases in $kind", ({ kind, address }) => {
  const connection = (at = address()): Connection =>
    kind === "consul"
      ? consulConnection({ ...cluster.environment, CONSUL_HTTP_ADDR: at })
      : nomadConnection({ ...cluster.environment, NOMAD_ADDR: at });
  const storeAt = (at?: string): Store =>
    kind === "consul" ? new ConsulStore(connection(at)) : new NomadStore(connection(at));

  const opened: { book: LeaseBook; store: Store }[] = [];
  async function open(pool: string, slots: number, at?: string, troubles: string[] = []): Promise<LeaseBook> {
    const store = storeAt(at);
    const candidates = Array.from({ length: slots }, (_, number) => `slot-${number}`);
    const book = new LeaseBook({
      ...{ store, pool, candidates: () => candidates, end: () => Promise.resolve("free") },
      onTrouble: (message) => troubles.push(message),
    });
    opened.push({ book, store });
    await book.start();
    return book;
  }
  afterEach(async () => {
    await Promise.all(opened.map(({ book }) => book.stop()));
    await Promise.all(opened.splice(0).map(({ store }) => store.close()));
  }, 60_000);

  test("are claimed, queued for, handed over and given back by two managers", async () => {
    const [one, two] = [await open("two-managers", 2), await open("two-managers", 2)];
    const [first, second] = [await one.claim({ owner: "anna" }), await two.claim({ owner: "ben\0\n" })];
    expect(first.slot).not.toBe(second.slot);
    const waiting = one.claim({ owner: "carl" });
    await until("the ticket is seen", () => two.state().queue === 1);
    await expect(two.claim({ owner: "dora", timeout: 200 })).rejects.toThrow(PoolBusyError);
    await two.release(second);
    const third = await waiting;
    expect(third).toMatchObject({ slot: second.slot, generation: second.generation + 1, owner: "carl" });
    await expect(one.check(second)).rejects.toThrow(/claimed again/);
    await one.handOver();
    const adopted = await two.adopt(first);
    await sleep(3000);
    await two.check(adopted);
    expect((await two.list()).map(({ owner }) => owner).sort()).toEqual(["anna", "carl"]);
  }, 30_000);

  test("of processes that are killed are free within 3 s and one look, and none is held by two", async () => {
    const claimants = new Claimants(cluster.environment);
    try {
      const start = () =>
        claimants.start({
          ...{ store: kind, pool: "killed", slots: 30, callers: 8 },
          ...{ claims: Number.MAX_SAFE_INTEGER, hold: 30, timeout: 5000, ends: false, warmUp: 0, end: 0.5 },
        });
      for (let process = 0; process < 3; process += 1) start();
      const claimed = () => claimants.history().filter((event) => event.kind === "claimed").length;
      for (let kill = 0; kill < 3; kill += 1) {
        const before = claimed();
        await until("claims go on", () => claimed() > before + 60);
        await claimants.kill(claimants.running[kill % 2] ?? "");
        start();
      }
      await Promise.all(claimants.running.map((name) => claimants.kill(name)));
      const died = performance.now();
      const observer = await open("killed", 30);
      await until("all are free", () => observer.state().free === 30, 15_000);
      // The observer began to look only now, and needs to be listening for as long as a lease stands.
      expect(performance.now() - died).toBeLessThan(10_000);
      expect(doublesIn(claimants.history())).toEqual([]);
      const lines = claimants.lines();
      const late = lines.flatMap((line) => (line.kind === "figures" && line.late > 0 ? [line.late] : []));
      expect(late).toEqual([]);
      expect(lines.filter(({ kind: what }) => what === "trouble")).toEqual([]);
    } finally {
      await claimants.close();
    }
  }, 60_000);

  test("of a process that was stopped for a while are refused when it goes on", async () => {
    const claimants = new Claimants(cluster.environment);
    try {
      const where = { store: kind, pool: "stopped", slots: 2, callers: 2 };
      const options = { ...where, timeout: 20_000, warmUp: 0, end: 0.5 };
      const paused = claimants.start({ ...options, claims: 20, hold: 100, ends: true });
      await until("claims go on", () => claimants.linesOf(paused).length > 5);
      claimants.signal(paused, "SIGSTOP");
      const other = claimants.start({ ...options, claims: 20, hold: 100, ends: true });
      await until("the other one has its slots", () => claimants.linesOf(other).length > 20);
      claimants.signal(paused, "SIGCONT");
      await claimants.ended();
      expect(doublesIn(claimants.history())).toEqual([]);
      expect(claimants.linesOf(paused)).toContainEqual({ kind: "done" });
    } finally {
      await claimants.close();
    }
  }, 60_000);

  test("are neither lost nor doubled where answers are lost, and the store is away for a while", async () => {
    const proxy = new Proxy(address());
    const at = await proxy.open();
    const troubles: string[] = [];
    try {
      const book = await open("away", 4, at, troubles);
      const lease = await book.claim({ owner: "anna" });
      let lost = 0;
      // Every third write is made, and its answer is another one's.
      proxy.answer = ({ method }) => (method === "PUT" && (lost += 1) % 3 === 0 ? 500 : undefined);
      for (let round = 0; round < 10; round += 1) {
        const next = await book.claim({ owner: "ben" });
        await book.release(next, { end: round % 2 === 0 });
      }
      proxy.answer = () => 500;
      await sleep(4000);
      await expect(book.check(lease)).rejects.toThrow(/500/);
      await expect(book.claim({ owner: "ben", timeout: 300 })).rejects.toThrow();
      proxy.answer = () => undefined;
      await until("heartbeats go on", async () => {
        await book.check(lease).catch(() => undefined);
        return book.state().upToDate;
      });
      await book.check(lease);
      await until("all others are free", () => book.state().free === 3);
      expect(troubles.join("\n")).toMatch(/heartbeat/);
    } finally {
      await Promise.all(opened.map(({ book }) => book.stop()));
      await proxy.close();
    }
  }, 60_000);
});
