import { ReadOnlyPools } from "../../../lib/cli/read-only-pools";
import { NoAnswerError, UserError } from "../../../lib/errors";
import type { ConsulClient, NomadClient } from "../../../lib/nomad";
import { LeaseBook, monotonicClock } from "../../../lib/pools";
import { MemoryStore, StoreState } from "../../support/memory-store";

const POOL = "hermes-sandbox";

/** A Nomad with one slot pool, of which two sandboxes of three slots run. */
const nomad = {
  jobs: () => Promise.resolve([{ ID: POOL, Type: "service", Stop: false }]),
  job: () =>
    Promise.resolve({ ID: POOL, Type: "service", Meta: { pool: POOL, slots: "3" }, TaskGroups: [{ Count: 2 }] }),
  allocations: () => Promise.resolve(["a", "b"].map((ID) => ({ ID, ClientStatus: "running", DesiredStatus: "run" }))),
} as unknown as NomadClient;

let states: readonly [StoreState, StoreState];
let stores: readonly [MemoryStore, MemoryStore];
let pools: ReadOnlyPools;
let book: LeaseBook | undefined;

beforeEach(() => {
  states = [new StoreState(), new StoreState()];
  stores = [new MemoryStore(states[0], monotonicClock), new MemoryStore(states[1], monotonicClock)];
  pools = new ReadOnlyPools(
    { nomad, consul: {} as ConsulClient, service: { address: "http://127.0.0.1:1", token: undefined } },
    stores,
  );
});
afterEach(async () => {
  await book?.stop();
  book = undefined;
});

/** A manager of the pool that leases so many of its slots. */
async function leased(state: StoreState, count: number): Promise<void> {
  const candidates = () => ["a.0", "a.1", "a.2", "b.0", "b.1", "b.2"];
  const end = () => Promise.resolve("free" as const);
  book = new LeaseBook({ store: new MemoryStore(state, monotonicClock), pool: POOL, candidates, end });
  await book.start();
  for (let n = 0; n < count; n += 1) await book.claim({ owner: "ann", timeout: 5000, standing: 60_000 });
}

const away = new NoAnswerError("Consul", "absent", "Consul does not answer (ECONNREFUSED)");
const forbidden = UserError.at("", "Nomad refuses this token (403)", "nomad");

test("what is free of a slot pool is counted in slots, as its leases are", async () => {
  await leased(states[0], 2);
  expect(await pools.stats()).toEqual([
    { pool: POOL, free: 4, leased: 2, coming: 0, target: 6, queue: 0, draining: false, upToDate: true },
  ]);
});

test("what keeps containers apart is not known to somebody who only looks, and not said", async () => {
  await leased(states[0], 1);
  expect((await pools.list()).map(({ lease, isolation }) => [lease.owner, isolation])).toEqual([["ann", undefined]]);
});

test("of a pool whose store does not answer nothing is known: no figure is new, and its leases are not none", async () => {
  await leased(states[0], 2);
  stores[0].refusal = away;
  expect(await pools.stats()).toEqual([
    { pool: POOL, free: 0, leased: 0, coming: 0, target: 0, queue: 0, draining: false, upToDate: false },
  ]);
  await expect(pools.list()).rejects.toBe(away);

  stores[0].refusal = undefined;
  const [known] = await pools.stats();
  stores[0].refusal = away;
  expect(await pools.stats()).toEqual([{ ...known, upToDate: false }]);
});

test.each([
  ["does not answer", away],
  ["may not be read", forbidden],
])("a pool that a manager keeps in one store is known, also where the other %s", async (_, refusal) => {
  await leased(states[1], 0);
  stores[0].refusal = refusal;
  expect(await pools.stats()).toMatchObject([{ free: 6, leased: 0, upToDate: true }]);
  expect(await pools.list()).toEqual([]);
});

test("a pool that nobody has taken part in is free, where both stores say so", async () => {
  expect(await pools.stats()).toMatchObject([{ free: 6, leased: 0, upToDate: true }]);
});
