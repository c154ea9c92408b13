import { inspect } from "node:util";
import * as jobspec from "../../../../lib/jobspec";
import * as nomad from "../../../../lib/nomad";
import { NoAnswerError, ReadableError, UserError } from "../../../../lib/errors";
import { ApiError } from "../../../../lib/nomad";
import * as pools from "../../../../lib/pools";
import {
  ExecutionLostError,
  LeaseEndedError,
  ManagersBehindError,
  PoolBusyError,
  RuntimeFailedError,
  SlowStoreError,
} from "../../../../lib/pools";
import * as service from "../../../../lib/service";
import { ServiceRefusal } from "../../../../lib/service";

/** As Node's own client throws it, with a stack and properties of its own. */
const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { errno: -111, code: "ECONNREFUSED" });
const lease = { pool: "p", slot: "s", owner: "ann", generation: 7, ttl: 2000, claim: "c" };
const place = { allocation: "a", task: "t", isolation: "none" } as const;
const silent = new NoAnswerError("Nomad", "absent", "Nomad does not answer");
silent.cause = refused;

const readable: readonly (readonly [what: string, error: ReadableError, code: string])[] = [
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
  [
    "a refusal of the service",
    new ServiceRefusal({ status: 429, code: "pool-busy", title: "The pool is busy", detail: "none is free" }),
    "pool-busy",
  ],
];

test.each(readable)("%s is printed by its message and its code, without a dump", (_what, error, code) => {
  const [first, second, ...rest] = inspect(error).split("\n");
  expect([first, second, error.code]).toEqual([`${error.name}: ${error.message}`, `  code: ${code}`, code]);
  expect(rest.every((line) => /^ {2}(?:cause: |at )/.test(line))).toBe(true);
  expect(rest.length).toBeLessThan(5);
  expect(inspect({ error })).not.toMatch(/errno|\[?problems|node:/);
});

test.each(readable)(
  "%s that nobody catches is printed with its code, and with no other property",
  (_what, error, code) => {
    const printed = Object.entries(error).filter(([key]) => !["name", "cause"].includes(key));
    expect(printed).toEqual([["code", code]]);
    // As Node prints it then.
    expect(inspect(error, { customInspect: false })).toContain(`code: '${code}'`);
  },
);

test("every error that a room gives out, and that is printed so, is held by these tests", () => {
  const given = Object.values({ ...jobspec, ...nomad, ...pools, ...service }).filter(
    (each) => typeof each === "function" && each.prototype instanceof ReadableError,
  );
  expect(given.length).toBeGreaterThan(8);
  expect(given.filter((kind) => !readable.some(([, error]) => error.constructor === kind))).toEqual([]);
});

test("a cause stands in a line, and all of it is there for whoever asks", () => {
  expect(inspect(silent)).toMatch(/^ {2}cause: connect ECONNREFUSED 127\.0\.0\.1:9$/m);
  expect(silent.cause).toBe(refused);
  expect(silent.problems).toEqual([
    { rule: "unreachable", path: [], message: "Nomad does not answer", severity: "error" },
  ]);
  expect(silent.stack).toMatch(/readable-error\.test/);
});

test("the caller's own place is shown", () => {
  expect(inspect(UserError.at("", "wrong"))).toMatch(/^ {2}at .*readable-error\.test\.ts:\d+:\d+/m);
});
