import { forgetPool, readPoolRecord } from "../../../../lib/pools";
import { PoolRecords, sizeIn } from "../../../../lib/pools/generations";
import { MemoryStore, StoreState, type Passage } from "../../../support/memory-store";
import { SimulatedClock } from "../../../support/simulated-clock";
import { outcome } from "../../../support/simulated-pool";

const KEY = "pools/pool/pool";
let clock: SimulatedClock;
let state: StoreState;
beforeEach(() => {
  clock = new SimulatedClock();
  state = new StoreState();
});

const store = (passage?: () => Passage) => new MemoryStore(state, clock, passage);

type Call = (from: MemoryStore, signal?: AbortSignal) => Promise<unknown>;
const CALLS: readonly (readonly [string, Call])[] = [
  ["read", (from, signal) => readPoolRecord(from, "pool", { clock, signal })],
  [
    "changed",
    (from, signal) => new PoolRecords(from, "pool", clock).change((now) => ({ ...now, draining: true }), signal),
  ],
  ["forgotten", (from, signal) => forgetPool(from, "pool", { clock, signal })],
];

test.each(CALLS)("a record is %s in a bounded time, though the store says nothing", async (_, call) => {
  const silent = store();
  silent.cut = true;
  const given = outcome(call(silent));
  await clock.pass(10_000);
  expect((await given).error).toMatchObject({ name: "SlowStoreError" });
});

test.each(CALLS)("a record that is %s is given up at once where nobody waits for it", async (_, call) => {
  const silent = store();
  silent.cut = true;
  const over = new AbortController();
  const given = outcome(call(silent, over.signal));
  await clock.pass(10);
  over.abort(new Error("nobody waits"));
  expect((await given).error?.message).toBe("nobody waits");
  expect(clock.timers).toBe(0);
});

test("a change whose answer is lost is made once", async () => {
  const ways: Passage[] = [
    { there: 1, back: 1 },
    { there: 1, back: 1, lost: "answer" },
  ];
  const records = new PoolRecords(
    store(() => ways.shift() ?? { there: 1, back: 1 }),
    "pool",
    clock,
  );
  let changes = 0;
  const change = (now: { readonly worn?: readonly string[] }) => {
    changes += 1;
    return { ...now, worn: [...(now.worn ?? []), "one"] };
  };
  const { record } = await clock.until(records.change(change));
  expect([record.worn, changes, state.written.length]).toEqual([["one"], 1, 1]);
});

test("what a drained pool had is known of a record of before", async () => {
  state.write(KEY, JSON.stringify({ draining: true, usual: { job: "a", containers: 7 } }), 0);
  const record = await readPoolRecord(store(), "pool", { clock });
  expect([record.draining, sizeIn(record, "a"), sizeIn(record, "b")]).toEqual([true, 7, undefined]);
});

test("what is forgotten is all of one pool", async () => {
  for (let slot = 0; slot < 200; slot += 1) state.write(`pools/pool/slots/${slot}`, `${slot}`, 0);
  state.write("pools/pool-2/pool", "{}", 0);
  const from = store();
  await forgetPool(from, "pool", { clock });
  expect([[...state.objects.keys()], from.asked.list]).toEqual([["pools/pool-2/pool"], 1]);
});
