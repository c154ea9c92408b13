import type { Lease } from "../../../../lib/pools";
import { KeptContainers } from "../../../../lib/pools/containers/kept";
import { SimulatedClock } from "../../../support/simulated-clock";

const leaseOf = (slot: string): Lease => ({ pool: "pool", slot, owner: "ann", generation: 2, ttl: 2000, claim: slot });

/** What is kept of one pool, and a container that is being emptied until the test says so. */
function keptContainers() {
  const clock = new SimulatedClock();
  const letGo: string[] = [];
  const kept = new KeptContainers(
    clock,
    () => true,
    ({ slot }) => letGo.push(slot),
  );
  const begin = (slot: string) => {
    let end = (_lease: Lease | undefined): void => undefined;
    kept.keep(slot, "ann", new Promise<Lease | undefined>((resolve) => (end = resolve)));
    return () => end(leaseOf(slot));
  };
  return { clock, kept, letGo, begin };
}

test("a container that a claim waits for stays kept until that claim has it, and is nobody else's", async () => {
  const { clock, kept, letGo, begin } = keptContainers();
  const empty = begin("a");
  const taken = kept.take("ann", 500);
  await clock.pass(10);
  // Whoever has the lease from before finds none that they could give back, or run a command by.
  expect(kept.has("a")).toBe(true);
  expect(await kept.take("ann", 500)).toBeUndefined();
  empty();
  kept.sweep(10);
  expect(await clock.until(taken)).toEqual(leaseOf("a"));
  expect([kept.has("a"), letGo]).toEqual([false, []]);
});

test("a container that is not empty in time is the next claim's, and one that has ended is nobody's", async () => {
  const { clock, kept, begin } = keptContainers();
  const [empty, late] = [begin("a"), begin("b")];
  const taken = kept.take("ann", 500);
  expect(await clock.until(taken)).toBeUndefined();
  empty();
  await clock.pass(1);
  expect(await kept.take("ann", 500)).toEqual(leaseOf("a"));
  const ended = kept.take("ann", 500);
  await clock.pass(1);
  kept.drop("b");
  late();
  expect(await clock.until(ended)).toBeUndefined();
  expect(kept.has("b")).toBe(false);
});
