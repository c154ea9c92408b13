import { LeaseEndedError, type Lease } from "../../../../lib/pools";
import { HeldSlots, leaseEnded } from "../../../../lib/pools/slots/held-slots";
import { failure } from "../../../support/failure";

const lease = (number: number, more: Partial<Lease> = {}): Lease => ({
  ...{ pool: "pool", slot: `allocation.${number % 7}`, owner: "somebody", generation: number, ttl: 2000 },
  claim: `claim ${number}`,
  ...more,
});
const nothing = () => Promise.resolve();

test("handles of other processes are kept for as long as a call with them takes", async () => {
  const held = new HeldSlots();
  let during = 0;
  for (let number = 0; number < 3000; number += 1)
    await held.using(lease(number), async () => {
      await held.running(lease(number), nothing);
      during = Math.max(during, held.size.held);
    });
  expect([during, held.size.held]).toEqual([1, 0]);
  const failed = await failure(held.using(lease(1), () => Promise.reject(new Error("it went wrong"))));
  expect([failed?.message, held.size.held]).toEqual(["it went wrong", 0]);
});

test("what was acquired here is kept until it is over, and of what is over not much", async () => {
  const held = new HeldSlots();
  for (let number = 0; number < 5000; number += 1) held.hold(lease(number));
  await held.using(lease(1), nothing);
  expect(held.size.held).toBe(5000);
  for (let number = 0; number < 5000; number += 1) held.end(leaseEnded(lease(number), "released"));
  expect(held.size.held).toBe(0);
  expect(held.size.over).toBeLessThanOrEqual(1000);
});

test("two calls with one handle end with its lease, and others are told why", async () => {
  const held = new HeldSlots();
  const untilOver = (over: AbortSignal) =>
    new Promise<void>((_, reject) => over.addEventListener("abort", () => reject(over.reason as Error)));
  const calls = [held.using(lease(1), untilOver), held.using(lease(1), untilOver)].map((call) => failure(call));
  expect([held.end(leaseEnded(lease(1), "gone")), held.end(leaseEnded(lease(1), "released"))]).toEqual([true, false]);
  const errors = [...(await Promise.all(calls)), await failure(held.using(lease(1), nothing))];
  expect(errors.map((error) => error instanceof LeaseEndedError && error.reason)).toEqual(["gone", "gone", "gone"]);
});

test.each([
  ["another claim of its slot", lease(1, { claim: "forged" })],
  ["another slot with its claim", lease(1, { slot: "allocation.6" })],
])("a handle that says %s ends nobody's lease", async (_, forged) => {
  const held = new HeldSlots();
  held.hold(lease(1));
  held.end(leaseEnded(forged, "stale"));
  expect(await held.using(lease(1), (over) => Promise.resolve(over.aborted))).toBe(false);
});
