import fc from "fast-check";
import { numberInName } from "../../../../lib/nomad";
import { RecentPeak, sandboxesFor } from "../../../../lib/pools/slots/size";
import { callToken, endingToken, slotKey, sandboxSlotOf } from "../../../../lib/pools/slots/slot-key";

const BOUNDS = { min: 1, max: 10, slots: 10 };

describe("how many sandboxes are needed", () => {
  test("is what the leases and those who wait fill, between the bounds", () => {
    const needed = (leased: number, waiting: number) => sandboxesFor({ leased, waiting }, BOUNDS);
    expect(needed(0, 0)).toBe(1);
    expect(needed(10, 0)).toBe(1);
    expect(needed(10, 1)).toBe(2);
    expect(needed(10, 25)).toBe(4);
    expect(needed(100, 1000)).toBe(10);
  });

  test("is 0 for a pool that may have none", () => {
    expect(sandboxesFor({ leased: 0, waiting: 0 }, { min: 0, max: 3, slots: 4 })).toBe(0);
    expect(sandboxesFor({ leased: 0, waiting: 1 }, { min: 0, max: 3, slots: 4 })).toBe(1);
  });

  test("counts those that run nothing only while somebody waits", () => {
    expect(sandboxesFor({ leased: 5, waiting: 0 }, BOUNDS, 2)).toBe(1);
    expect(sandboxesFor({ leased: 5, waiting: 1 }, BOUNDS, 2)).toBe(3);
  });

  test("never leaves the bounds, and never grows by more than what is asked for", () => {
    const natural = (max: number) => fc.nat({ max });
    fc.assert(
      fc.property(natural(500), natural(500), natural(5), natural(20), fc.integer({ min: 1, max: 30 }), (...drawn) => {
        const [leased, waiting, min, more, slots] = drawn;
        const bounds = { min, max: min + more, slots };
        const needed = sandboxesFor({ leased, waiting }, bounds);
        expect(needed).toBeGreaterThanOrEqual(min);
        expect(needed).toBeLessThanOrEqual(bounds.max);
        // With one fewer it would not fit.
        expect(needed === min || (needed - 1) * slots < leased + waiting).toBe(true);
      }),
    );
  });
});

describe("the recent peak", () => {
  test("is not known to be low before it was watched for the whole time", () => {
    let now = 0;
    const peak = new RecentPeak(1000, () => now);
    expect(peak.add(1)).toBe(Infinity);
    now = 1000;
    expect(peak.add(1)).toBe(Infinity);
    now = 1001;
    expect(peak.add(1)).toBe(1);
  });

  test("is the highest of the window", () => {
    let now = 0;
    const peak = new RecentPeak(1000, () => now);
    const at = (time: number, needed: number) => {
      now = time;
      return peak.add(needed);
    };
    at(1001, 3);
    expect(at(1500, 5)).toBe(5);
    expect(at(2000, 2)).toBe(5);
    expect(at(2500, 1)).toBe(5);
    expect(at(2501, 1)).toBe(2);
    expect(at(3001, 1)).toBe(1);
  });
});

describe("the name of a slot", () => {
  test("is read back", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat({ max: 9999 }), (allocation, slot) => {
        expect(sandboxSlotOf(slotKey(allocation, slot))).toEqual({ allocation, number: slot, name: `slot_${slot}` });
      }),
    );
  });

  test.each(["", "a", "a.", ".1", "a.01", "a.-1", "a.1.2", "a/b.1", "a.1 ", "a.1e3"])("is not %j", (key) => {
    expect(sandboxSlotOf(key)).toBeUndefined();
  });

  test("has the number of an allocation apart from its job's name", () => {
    expect(numberInName("hermes-sandbox.sandbox[12]")).toBe(12);
    expect(numberInName("odd[3].sandbox[0]")).toBe(0);
    expect(numberInName("none") ?? -1).toBe(-1);
  });
});

test("the token that empties a slot lies between the tokens of the lease before and the lease after", () => {
  for (const generation of [0, 1, 2, 1000, 2 ** 40]) {
    expect(endingToken(generation)).toBeGreaterThan(callToken(generation));
    expect(callToken(generation + 1)).toBeGreaterThan(endingToken(generation));
  }
});
