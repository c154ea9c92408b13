import { inspect } from "node:util";
import { UserError } from "../../../../lib/jobspec";
import { ApiError, NoAnswerError } from "../../../../lib/nomad";
import {
  ExecutionLostError,
  LeaseEndedError,
  ManagersBehindError,
  PoolBusyError,
  RuntimeFailedError,
  SlowStoreError,
} from "../../../../lib/pools";

/** As Node's own client throws it, with a stack and properties of its own. */
const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { errno: -111, code: "ECONNREFUSED" });
const lease = { pool: "p", slot: "s", owner: "ann", generation: 7, ttl: 2000, claim: "c" };
const place = { allocation: "a", task: "t", isolation: "none" } as const;
const silent = new NoAnswerError("Nomad", "absent", "Nomad does not answer");
silent.cause = refused;

test.each([
  ["a mistake", UserError.at("job", "there is none; write one", "slot-pool/job"), "slot-pool/job"],
  ["a server that does not answer", silent, "unreachable"],
  ["an answer that is no success", new ApiError("Nomad", "GET", "/v1/jobs", 500, "No cluster leader"), "server"],
  ["a busy pool", new PoolBusyError("p", 1000, "no container is free"), "pool-busy"],
  ["a lease that somebody else has", new LeaseEndedError(lease, "stale", "the generation is over"), "lease-stale"],
  ["a lease that ended", new LeaseEndedError(lease, "expired", "it was not renewed"), "lease-ended"],
  ["managers that hang", new ManagersBehindError("p", ["m"], "that it is drained", 10_000), "managers-behind"],
  ["a slow store", new SlowStoreError("Consul", 5000), "unavailable"],
  [
    "a job that did not start",
    new RuntimeFailedError("j", "task", "no image", "j did not start: no image"),
    "runtime-failed",
  ],
  ["a place that was lost", new ExecutionLostError(place, "it ended"), "place-lost"],
])("%s is printed by its message and its code, without a dump", (_what, error, code) => {
  const [first, second, ...rest] = inspect(error).split("\n");
  expect([first, second, error.code]).toEqual([`${error.name}: ${error.message}`, `  code: ${code}`, code]);
  expect(rest.every((line) => /^ {2}(?:cause: |at )/.test(line))).toBe(true);
  expect(rest.length).toBeLessThan(5);
  expect(inspect({ error })).not.toMatch(/errno|\[?problems|node:/);
});

test("a cause stands in a line, and all of it is there for whoever asks", () => {
  expect(inspect(silent)).toMatch(/^ {2}cause: connect ECONNREFUSED 127\.0\.0\.1:9$/m);
  expect(silent.cause).toBe(refused);
  expect(silent.problems).toEqual([
    { rule: "unreachable", path: "", message: "Nomad does not answer", severity: "error" },
  ]);
  expect(silent.stack).toMatch(/readable-error\.test/);
});

test("the caller's own place is shown", () => {
  expect(inspect(UserError.at("", "wrong"))).toMatch(/^ {2}at .*readable-error\.test\.ts:\d+:\d+/m);
});
