import { setTimeout as sleep } from "node:timers/promises";
import { consulConnection, nomadConnection, type Connection } from "../../lib/nomad";
import { ABSENT, ConsulStore, LeaseBook, NomadStore, type Snapshot, type Store } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { Proxy } from "../support/proxy";

const cluster = clusterForSuite();

const KINDS = [
  {
    kind: "Consul",
    connection: () => consulConnection(cluster.environment),
    open: (connection: Connection): Store => new ConsulStore(connection),
    write: "/v1/txn",
  },
  {
    kind: "Nomad",
    connection: () => nomadConnection(cluster.environment),
    open: (connection: Connection): Store => new NomadStore(connection),
    write: "/v1/var/",
  },
];

describe.each(KINDS)("a store in $kind", ({ kind, connection, open, write }) => {
  let store: Store;
  let other: Store;
  let prefix: string;
  let pool = 0;

  beforeEach(() => {
    [store, other] = [open(connection()), open(connection())];
    prefix = `pools/store-${(pool += 1)}/`;
  });
  afterEach(() => Promise.all([store.close(), other.close()]));

  const values = ({ objects }: Snapshot) =>
    Object.fromEntries([...objects.values()].map(({ key, value }) => [key.slice(prefix.length), value]));

  test("writes what has the version that is named, and nothing else", async () => {
    const key = `${prefix}slots/a`;
    expect(await store.read(key)).toBeUndefined();
    const first = await store.write(key, "1", ABSENT);
    expect(first).toBeGreaterThan(0);
    expect(await other.write(key, "2", ABSENT)).toBeUndefined();
    const second = await other.write(key, "2", first ?? 0);
    expect(second).toBeGreaterThan(first ?? 0);
    expect(await store.write(key, "3", first ?? 0)).toBeUndefined();
    expect(await store.read(key)).toEqual({ key, value: "2", version: second, created: first });
    expect(store.name).toBe(kind);
  });

  test("removes what has the version that is named, also where it is not there any more", async () => {
    const key = `${prefix}slots/a`;
    const version = (await store.write(key, "1", ABSENT)) ?? 0;
    expect(await other.remove(key, version + 1)).toBe(false);
    expect(await other.remove(key, version)).toBe(true);
    expect(await other.remove(key, version)).toBe(true);
    expect(await store.read(key)).toBeUndefined();
    expect(await store.write(key, "2", version)).toBeUndefined();
    expect(await store.write(key, "2", ABSENT)).toBeGreaterThan(version);
  });

  test("gives an object to just one of many who write it at once", async () => {
    const key = `${prefix}slots/a`;
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, number) => (number % 2 ? store : other).write(key, `writer ${number}`, ABSENT)),
    );
    const winners = made.flatMap((version, number) => (version === undefined ? [] : [number]));
    expect(winners).toHaveLength(1);
    expect((await store.read(key))?.value).toBe(`writer ${winners[0]}`);
  });

  test("changes many objects, each by itself: one that is refused keeps none of the others back", async () => {
    const keys = Array.from({ length: 150 }, (_, number) => `${prefix}slots/${number}`);
    const taken = (await other.write(keys[70] ?? "", "other", ABSENT)) ?? 0;
    const made = await store.change(keys.map((key) => ({ key, value: "mine", version: ABSENT })));
    expect(made.map((version) => version === undefined)).toEqual(keys.map((_, number) => number === 70));
    const found = await store.list(prefix);
    expect(found.objects.size).toBe(150);
    expect(found.objects.get(keys[70] ?? "")).toMatchObject({ value: "other", version: taken });
    expect(keys.map((key) => found.objects.get(key)?.version)).toEqual(made.map((version) => version ?? taken));
    const removed = await store.change(
      keys.map((key, number) => ({ key, value: undefined, version: made[number] ?? taken + 1 })),
    );
    expect(removed.map((version) => version === undefined)).toEqual(keys.map((_, number) => number === 70));
    expect([...(await other.list(prefix)).objects.keys()]).toEqual([keys[70]]);
  });

  test("lists what is below a prefix, in the order that it was made in", async () => {
    for (const name of ["c", "a", "b"]) await store.write(`${prefix}queue/${name}`, `value of ${name}`, ABSENT);
    await store.write(`pools/store-${pool}0/queue/z`, "another pool's", ABSENT);
    const { objects, index } = await other.list(prefix);
    const order = [...objects.values()].sort((a, b) => a.created - b.created).map(({ key }) => key.slice(-1));
    expect(order).toEqual(["c", "a", "b"]);
    expect(index).toBeGreaterThanOrEqual(Math.max(...[...objects.values()].map(({ version }) => version)));
    expect(values(await store.list(`${prefix}queue/`))).toEqual(values({ objects, index }));
  });

  test("answers a list that waits when something has changed, was made or removed; else after a while", async () => {
    const key = `${prefix}slots/a`;
    let snapshot = await store.list(prefix);
    expect([snapshot.objects.size, snapshot.index > 0]).toEqual([0, true]);
    let version = ABSENT;
    for (const value of ["1", "2", undefined, "3"]) {
      const waiting = store.list(prefix, { after: snapshot.index, wait: 20_000 });
      await sleep(50);
      if (value === undefined) {
        await other.remove(key, version);
        version = ABSENT;
      } else version = (await other.write(key, value, version)) ?? -1;
      snapshot = await waiting;
      // Something before it may have made the list answer; then it is asked again.
      while (snapshot.objects.get(key)?.value !== value)
        snapshot = await store.list(prefix, { after: snapshot.index, wait: 20_000 });
      expect(values(snapshot)).toEqual(value === undefined ? {} : { "slots/a": value });
    }
    const began = performance.now();
    const same = await store.list(prefix, { after: snapshot.index, wait: 500 });
    expect(values(same)).toEqual({ "slots/a": "3" });
    expect(performance.now() - began).toBeGreaterThan(400);
  });

  test("ends a list that waits when it is given up", async () => {
    const { index } = await store.list(prefix);
    const given = new AbortController();
    const waiting = store.list(prefix, { after: index, signal: given.signal });
    setTimeout(() => given.abort(new Error("no longer")), 50);
    await expect(waiting).rejects.toThrow("no longer");
  });

  test.each(["a\0b\n\u2028é\ud83d\ude00", "x".repeat(50_000), '{"a":"${b}"}', ""])(
    "keeps any text: %#",
    async (value) => {
      const key = `${prefix}slots/a`;
      await store.write(key, value, ABSENT);
      expect((await other.read(key))?.value).toBe(value);
      expect(values(await other.list(prefix))).toEqual({ "slots/a": value });
    },
  );

  test("tells when every manager has seen what one of them wrote, a lease that was made meanwhile included", async () => {
    const name = prefix.split("/")[1] ?? "";
    const book = (from: Store) =>
      new LeaseBook({ store: from, pool: name, candidates: () => ["a"], end: () => Promise.resolve("free") });
    const [one, two] = [book(store), book(other)];
    try {
      await Promise.all([one.start(), two.start()]);
      const version = (await store.write(`${prefix}pool`, "news", ABSENT)) ?? 0;
      const claiming = two.claim({ owner: "ann" });
      await one.seenByAll(version);
      expect([one.object("pool")?.value, two.object("pool")?.value]).toEqual(["news", "news"]);
      await claiming;
      const next = (await other.write(`${prefix}pool`, "more", version)) ?? 0;
      await two.seenByAll(next);
      expect(one.object("pool")?.value).toBe("more");
      expect(two.state().leased).toBe(1);
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
  });

  test("says that a value is too large for it, and keeps what was there", async () => {
    const key = `${prefix}slots/a`;
    const version = (await store.write(key, "1", ABSENT)) ?? 0;
    await expect(store.write(key, "x".repeat(600_000), version)).rejects.toThrow(/large|limit|exceed/i);
    expect(await store.read(key)).toMatchObject({ value: "1", version });
  });

  test("says that it is away, and is there again afterwards", async () => {
    const proxy = new Proxy(connection().address);
    const through = open({ ...connection(), address: await proxy.open() });
    try {
      const key = `${prefix}slots/a`;
      expect(await through.write(key, "1", ABSENT)).toBeGreaterThan(0);
      proxy.answer = ({ path }) => (path.startsWith(write) ? 500 : undefined);
      await expect(through.write(key, "2", ABSENT)).rejects.toThrow(/No cluster leader/);
      proxy.answer = () => 429;
      await expect(through.list(prefix, { after: 1 })).rejects.toThrow(/429/);
      proxy.answer = () => undefined;
      expect((await through.read(key))?.value).toBe("1");
    } finally {
      await through.close();
      await proxy.close();
    }
  });
});
