import { ApiError } from "../../../../lib/nomad";
import { monotonicClock } from "../../../../lib/pools/leases/clock";
import { readDecided } from "../../../../lib/pools/leases/decide";
import { failure } from "../../../support/failure";
import { MemoryStore, StoreState } from "../../../support/memory-store";

test("a store that refuses and then hangs is told by what it said, and not by the millisecond that was left at the end", async () => {
  const store = new MemoryStore(new StoreState(), monotonicClock);
  const said = new ApiError("Consul", "GET", "/v1/kv/a", 503, "no leader");
  let asked = 0;
  store.read = () => ((asked += 1) === 1 ? Promise.reject(said) : new Promise(() => undefined));
  const patience = { clock: monotonicClock, until: monotonicClock.now() + 200, attempt: 10_000 };
  expect(await failure(readDecided(store, "a", patience))).toBe(said);
  expect(asked).toBe(2);
});

test("a store that only hangs is said to be slow", async () => {
  const store = new MemoryStore(new StoreState(), monotonicClock);
  store.read = () => new Promise(() => undefined);
  const patience = { clock: monotonicClock, until: monotonicClock.now() + 100, attempt: 10_000 };
  expect(await failure(readDecided(store, "a", patience))).toMatchObject({ name: "SlowStoreError" });
});
