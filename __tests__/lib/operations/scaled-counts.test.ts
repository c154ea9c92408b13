import type { JobJson } from "../../../lib/nomad";
import { newestRegistered } from "../../../lib/operations/plan";

const version = (number: number, count: number, image = "a:1"): JobJson => ({
  ID: "pool",
  Version: number,
  SubmitTime: number * 1000,
  TaskGroups: [{ Name: "warm", Count: count, Tasks: [{ Name: "t", Config: { image } }] }],
});

describe("the newest version that was registered", () => {
  test.each<readonly [string, readonly JobJson[], number | undefined]>([
    ["is the only one", [version(0, 3)], 0],
    ["is the one before a drain and a fill", [version(2, 3), version(1, 0), version(0, 3)], 0],
    ["is the change between scalings", [version(3, 0, "a:2"), version(2, 3, "a:2"), version(1, 0), version(0, 3)], 2],
    ["is found in any order", [version(0, 3), version(2, 1, "a:2"), version(1, 2)], 2],
    ["is not known where scalings alone are kept", [version(9, 3), version(8, 0), version(7, 3)], undefined],
    ["is none of none", [], undefined],
  ])("%s", (_what, versions, expected) => expect(newestRegistered(versions)?.Version).toBe(expected));
});
