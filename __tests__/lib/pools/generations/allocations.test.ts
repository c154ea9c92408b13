import fc from "fast-check";
import { numberInName } from "../../../../lib/nomad";
import { nextToGo } from "../../../../lib/pools/generations/allocations";

type One = Parameters<typeof nextToGo>[0][number];
const one = (number: number, change: Partial<One> = {}): One => ({
  ID: `id-${number}`,
  Name: `warm-pool-openai-1f3a5b7c.warm[${number}]`,
  DesiredStatus: "run",
  ClientStatus: "running",
  ...change,
});

test("the container with the highest number goes first, by its number and not by its text", () => {
  expect(nextToGo([one(2), one(10), one(9)], 3)).toBe("id-10");
});

test.each<[string, readonly One[], number]>([
  ["one is failed and waits for its next try", [one(0), one(1, { ClientStatus: "failed" })], 2],
  ["one is not placed yet", [one(0), one(1)], 3],
  ["one is placed beyond the count", [one(0), one(1)], 1],
  ["two have one number", [one(0), one(1), one(1, { ID: "other" })], 3],
  ["a name has no number", [one(0), one(1, { Name: "warm" })], 2],
  ["there is none", [], 0],
])("none is certain where %s", (_, allocations, count) => {
  expect(nextToGo(allocations, count)).toBeUndefined();
});

test("what is stopped already does not count", () => {
  expect(nextToGo([one(0), one(1), one(2, { DesiredStatus: "stop" })], 2)).toBe("id-1");
});

test("a number is read from any name of Nomad's", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), (number, job) => {
      expect(numberInName(`${job}.warm[${number}]`)).toBe(number);
    }),
  );
});
