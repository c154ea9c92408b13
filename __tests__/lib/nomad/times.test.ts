import * as fc from "fast-check";
import { momentOf } from "../../../lib/nomad";

test("nanoseconds since 1970 are a moment", () => {
  expect(momentOf(1_700_000_000_123_456_789)).toBe("2023-11-14T22:13:20.123Z");
  expect(momentOf(0)).toBe("1970-01-01T00:00:00.000Z");
});

test("whatever a server says in its place is a moment or none, and never an error", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.double(), fc.bigInt().map(Number)), (value) => {
      const moment = momentOf(value);
      expect(moment === undefined || !Number.isNaN(Date.parse(moment))).toBe(true);
    }),
  );
  for (const value of [undefined, null, "", "soon", Number.NaN, Infinity, 1e30, -1e30])
    expect(momentOf(value)).toBeUndefined();
});
