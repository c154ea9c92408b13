import fc from "fast-check";
import * as lib from "../../../lib/jobspec";
import { Driver, Duration, Job, Periodic, Reschedule, Task, TaskGroup, type JobProblem } from "../../../lib";
import { Block, Place } from "../../../lib/jobspec/engine";
import { jobs } from "../../support/arbitraries";
import { draws } from "../../support/draws";

type Path = readonly (string | number)[];

/** Every place inside a JSON value, the outer ones before those inside of them. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  return inside.flatMap(([key, item]) => [[...path, key], ...placesOf(item, [...path, key])]);
}

/** The same JSON with another value at a place. */
function put(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? put(item, rest, other) : item));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [key]: put(object[String(key)], rest, other) };
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Readonly<Record<string, unknown>>)[String(key)], value);
}

const kindOf = (value: unknown) => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value);
const errors = (problems: readonly JobProblem[]) => problems.filter(({ severity }) => severity === "error");

test("a value of another kind is one error and not one for each letter, wherever it stands in a job's JSON", () => {
  fc.assert(
    fc.property(jobs, fc.nat(), fc.constantFrom("abcdefgh", 7, true, "", "0"), (json, choice, wrong) => {
      const places = placesOf(json).filter((path) => kindOf(at(json, path)) !== kindOf(wrong));
      const place = places[choice % Math.max(1, places.length)];
      if (!place) return;
      const { job, problems } = Job.read(put(json, place, wrong));
      expect({ place, problems: errors(problems).length <= 1 || errors(problems) }).toEqual({ place, problems: true });
      // What could be read is judged without a crash.
      job?.validate();
    }),
    { numRuns: draws(150), seed: 10 },
  );
});

type BlockClass = new (props: unknown) => Block;

/** Every class of a block of the model. */
const BLOCKS = (Object.entries(lib) as unknown as readonly (readonly [string, BlockClass])[]).filter(
  ([, value]) => typeof value === "function" && value.prototype instanceof Block,
);

test("there are blocks to be held to it", () => expect(BLOCKS.length).toBeGreaterThan(60));

test.each(BLOCKS)("%s given a text, a list or nothing instead of its properties is one error", (_name, Made) => {
  for (const wrong of ["abcdefgh", ["a", "b"], null, 7]) {
    const problems: JobProblem[] = [];
    new Made(wrong).checkBlock(Place.root(problems), {
      nomadVersion: "1.11",
      enterprise: false,
      memoryOversubscription: false,
    });
    expect(problems).toEqual([
      expect.objectContaining({ rule: "field/type", message: expect.stringContaining("as an object, found") }),
    ]);
  }
});

const DRIVERS = ["docker", "exec", "rawExec", "java", "qemu", "podman"] as const;

test.each(DRIVERS)("Driver.%s() given a text instead of its properties is one error", (name) => {
  const make = Driver[name] as (props: never) => Driver;
  const task = new Task({ name: "t", driver: make("abcdefgh" as never) });
  const job = new Job({ id: "a", groups: [new TaskGroup({ name: "g", tasks: [task] })] });
  expect(errors(job.validate())).toEqual([
    expect.objectContaining({
      path: ["groups", { index: 0, name: "g" }, "tasks", { index: 0, name: "t" }, "driver"],
      message: expect.stringContaining('found "abcdefgh"'),
    }),
  ]);
});

describe("constructors that say what they mean", () => {
  const job = (type: "batch" | "service", more: object, group: object = {}) =>
    new Job({
      id: "a",
      type,
      ...more,
      groups: [
        new TaskGroup({
          name: "g",
          ...group,
          tasks: [new Task({ name: "t", driver: Driver.exec({ command: "/bin/true" }) })],
        }),
      ],
    });

  test("are not warned of and not refused, in any job that they are for", () => {
    const made = [
      job("batch", { periodic: Periodic.cron("0 3 * * *") }),
      job("batch", { periodic: Periodic.crons(["0 3 * * *", "0 4 * * *"]) }),
      ...(["batch", "service"] as const).flatMap((type) =>
        [
          Reschedule.unlimited(),
          Reschedule.unlimited({ delay: Duration.seconds(30), delayFunction: "constant" }),
          Reschedule.limited(3, Duration.hours(1)),
          Reschedule.never(),
        ].map((reschedule) => job(type, {}, { reschedule })),
      ),
    ];
    expect(made.map((each) => each.validate())).toEqual(made.map(() => []));
  });
});
