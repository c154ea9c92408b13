import { consulConnection, nomadConnection } from "../../lib/nomad";
import { ConsulStore, LeaseBook, NomadStore, type Lease, type LeaseBookOptions, type Store } from "../../lib/pools";
import { OwnConsul } from "../support/own-consul";
import { OwnNomad } from "../support/own-nomad";
import { until } from "../support/until";

/** Leases in a store of three servers whose leader is killed. */

const SLOTS = ["a", "b", "c", "d"];
const [nomad, consul] = [new OwnNomad(3), new OwnConsul(false, 3)];
const STORES = [
  {
    where: "Nomad's variables",
    own: nomad,
    open: (): Store => new NomadStore(nomadConnection({ NOMAD_TOKEN: nomad.token }, nomad.address)),
  },
  { where: "Consul's keys", own: consul, open: (): Store => new ConsulStore(consulConnection({}, consul.address)) },
];

describe.each(STORES)("in $where", ({ own, open }) => {
  const stores: Store[] = [];
  const books: LeaseBook[] = [];

  beforeAll(() => own.start(), 120_000);
  afterAll(async () => {
    await Promise.allSettled(books.map((book) => book.stop()));
    await Promise.all(stores.map((store) => store.close()));
    await own.remove();
  }, 60_000);

  async function bookOf(pool: string, options: Partial<LeaseBookOptions>): Promise<LeaseBook> {
    const store = open();
    const book = new LeaseBook({
      ...{ store, pool, candidates: () => SLOTS, end: () => Promise.resolve("free" as const) },
      ...options,
    });
    stores.push(store);
    books.push(book);
    await book.start();
    return book;
  }

  test("the leader is killed: leases with a ttl longer than an election stand, and none has two holders with any ttl", async () => {
    // The first server is the one that the stores ask, so another one has to lead.
    await until("a leader that is not asked", async () => {
      const leader = await own.leader();
      if (leader === 0) await own.leadElsewhere();
      return leader !== undefined && leader !== 0;
    });
    const lost: Lease[] = [];
    const onLost = (lease: Lease) => lost.push(lease);
    const [long, other] = [await bookOf("long", { ttl: 120_000, onLost }), await bookOf("long", { ttl: 120_000 })];
    const [short, rival] = [await bookOf("short", {}), await bookOf("short", {})];
    const held = [await long.claim({ owner: "ann" }), await long.claim({ owner: "bob" })];
    const brief = await short.claim({ owner: "ann" });

    const leader = (await own.leader()) ?? 0;
    expect(leader).not.toBe(0);
    await own.kill(leader);
    // Whoever comes meanwhile waits, and is served by the next leader.
    const meanwhile = other.claim({ owner: "eve", timeout: 120_000 });
    const rivals = rival.claim({ owner: "eve", timeout: 120_000 });
    await until("another leader", async () => ![undefined, leader].includes(await own.leader()));

    const [late, rivalling] = [await meanwhile, await rivals];
    expect(held.map(({ slot }) => slot)).not.toContain(late.slot);
    for (const lease of held) await long.check(lease);
    expect(lost).toEqual([]);
    // A slot whose write had to be asked for again is nobody's: it is ended, and another one was given out in its place.
    const given = [...held, late].map(({ slot }) => slot).sort();
    await until("no lease but those that were given out", async () => (await other.list()).length <= given.length);
    expect((await other.list()).map(({ slot }) => slot).sort()).toEqual(given);

    // One whose ttl is shorter may be over, but then nobody is told that it stands.
    const stands = await short.check(brief).then(
      () => true,
      () => false,
    );
    const listed = await rival.list();
    expect(listed.filter(({ slot }) => slot === rivalling.slot)).toMatchObject([{ owner: "eve" }]);
    expect(!stands || listed.some(({ claim }) => claim === brief.claim)).toBe(true);
    expect(new Set(listed.map(({ slot }) => slot)).size).toBe(listed.length);

    for (const lease of held) await long.release(lease);
    await other.release(late);
    expect(await other.list()).toEqual([]);
  }, 240_000);
});
