import fc from "fast-check";
import { Block, Cpu, Driver, Duration, Job, Memory, pathText, Task, type TaskGroup, UserError } from "../../../../lib";
import { definitionOf, eachProperty } from "../../../../lib/jobspec/engine";
import { jobs } from "../../../support/arbitraries";
import { draws } from "../../../support/draws";
import { BLOCKS, sampleOf, samplesOf, type Props } from "../../../support/every-field";

const rendered = (block: Block) => JSON.stringify(block.toApi());
const make = (type: (typeof BLOCKS)[number], props: Props) => new type(props as never);

/** Changes all that can be changed in a value, however deep; what refuses it throws, and that is as good. */
function spoil(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const held = value as Props;
  const names = new Set(Object.keys(held));
  if (value instanceof Block) for (const { name } of definitionOf(value).list) names.add(name);
  for (const name of names) spoil(held[name], seen);
  for (const name of [...names, "added"]) {
    attempt(() => (held[name] = "spoiled"));
    attempt(() => Reflect.deleteProperty(held, name));
  }
  if (Array.isArray(value)) {
    attempt(() => value.push("spoiled"));
    attempt(() => value.splice(0, 1));
  }
}

function attempt(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    // Of whatever realm its object is.
    if ((error as Error).name !== "TypeError") throw error;
  }
}

/** A block as one whose lists are told by their names. */
type Listed = Block & Readonly<Record<string, readonly Block[] | undefined>>;
interface ListVerbs {
  withMore(list: string, block: Block): Listed & ListVerbs;
  without(list: string, which: string | ((block: Block) => boolean)): Listed & ListVerbs;
}

const kinds = BLOCKS.map((type) => [type.name, type] as const);

test("there are samples of all kinds of blocks", () => {
  expect(BLOCKS.length).toBeGreaterThan(70);
});

describe.each(kinds)("%s", (_name, type) => {
  test("does not change with what it was made of", () => {
    const props = { ...samplesOf(type, 3), overrides: { Tomorrow: { list: [{ a: 1 }] } } };
    const block = make(type, props);
    const before = rendered(block);
    spoil(props);
    expect(rendered(block)).toBe(before);
  });

  test("has verbs for each of its lists of blocks", () => {
    const block = make(type, samplesOf(type, 3)) as unknown as Listed & ListVerbs;
    const before = rendered(block);
    for (const { name, field } of definitionOf(type).list) {
      if (!field.of || field.kind === "block") continue;
      const inner = field.of() as (typeof BLOCKS)[number];
      const more = make(inner, samplesOf(inner, 1));
      const longer = block.withMore(name, more);
      expect(longer[name]).toHaveLength((block[name]?.length ?? 0) + 1);
      expect(rendered(longer.without(name, (each) => each === more))).toBe(before);
      const key = more.blockKey;
      const left = key === undefined ? [] : longer.without(name, key)[name]?.map(({ blockKey }) => blockKey);
      expect(left).not.toContain(key);
      expect(() => longer.without(name, "nobody")).toThrow("is not there");
    }
    expect(rendered(block)).toBe(before);
  });

  test("does not change with what is read out of it", () => {
    const block = make(type, { ...samplesOf(type, 3), overrides: { Tomorrow: { list: [{ a: 1 }] } } });
    const before = rendered(block);
    spoil(block.toApi());
    for (const { name } of definitionOf(type).list) spoil((block as unknown as Props)[name]);
    for (const { name } of definitionOf(type).list)
      expect(() => ((block as unknown as Props)[name] = "spoiled")).toThrow(TypeError);
    expect(rendered(block)).toBe(before);
  });

  test("is changed by no method that gives back another, and shares the rest with it", () => {
    const block = make(type, samplesOf(type, 2)) as Block & { with(changes: Props): Block };
    const before = rendered(block);
    for (const { name, field } of definitionOf(type).list) {
      const value = sampleOf(field, `changed ${name}`, 2);
      const changed = block.with({ [name]: value });
      spoil(value);
      expect(rendered(block)).toBe(before);
      expect(changed).toBeInstanceOf(type);
      const [held, other] = [propertiesOf(changed), propertiesOf(block)];
      const apart = Object.keys(other).filter((kept) => kept !== name && held[kept] !== other[kept]);
      expect(apart).toEqual([]);
      expect(block.with({ [name]: undefined })).not.toHaveProperty(name, expect.anything());
    }
  });

  test("has methods for its elements that leave it as it is", () => {
    const block = make(type, samplesOf(type, 2));
    const before = rendered(block);
    for (const method of methodsOf(block)) {
      expect(method).not.toMatch(/^(?:add|set|remove)[A-Z]/);
      if (!/^with[A-Z]/.test(method)) continue;
      const call = (block as unknown as Record<string, (given: unknown) => unknown>)[method] as (g: unknown) => unknown;
      const given = /^withEach/.test(method) ? (each: unknown) => each : {};
      expect(call.call(block, given)).toBeInstanceOf(type);
    }
    expect(rendered(block)).toBe(before);
  });
});

function propertiesOf(block: Block): Props {
  const properties: Props = {};
  eachProperty(block, (name, value) => (properties[name] = value));
  return properties;
}

function methodsOf(block: Block): readonly string[] {
  const names: string[] = [];
  for (let of: object | null = block; of; of = Object.getPrototypeOf(of) as object | null)
    if (of !== Object.prototype)
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(of)))
        if (typeof value === "function" && name !== "constructor") names.push(name);
  return names;
}

test("a job that was read does not change with the JSON, nor with what it gives out", () => {
  fc.assert(
    fc.property(jobs, (json) => {
      const given = structuredClone({ ...json, Tomorrow: { a: [1, { b: 2 }] }, Version: 3 });
      const { job } = Job.read(given);
      if (!job) return;
      const before = [rendered(job), JSON.stringify(job.validate())];
      spoil(given);
      spoil(job.toApi());
      spoil(job.groups);
      expect([rendered(job), JSON.stringify(job.validate())]).toEqual(before);
    }),
    { numRuns: draws(25) },
  );
});

test("units, drivers and their configurations never change", () => {
  const config = { args: ["a"], nested: { list: [{ a: 1 }] } };
  const driver = Driver.custom("mine", config);
  const before = JSON.stringify(driver.toApi());
  spoil(config);
  spoil(driver);
  expect(JSON.stringify(driver.toApi())).toBe(before);
  for (const unit of [Memory.mebibytes(1), Duration.seconds(1), Cpu.mhz(1)]) {
    const text = String(unit);
    spoil(unit);
    expect(String(unit)).toBe(text);
  }
});

describe("a part of a job", () => {
  const task = (name: string) => new Task({ name, driver: Driver.rawExec({ command: "/bin/true" }) });
  const job = new Job({
    id: "web",
    groups: [
      { name: "a", tasks: [task("x"), task("y")] },
      { name: "b", tasks: [task("z")] },
    ],
  });

  test("is changed by its name, and the others are shared", () => {
    const changed = job.withGroup("a", (group) => group.withTask("y", (each) => each.withEnv({ A: "1" })));
    expect(changed.group("a")?.task("y")?.env).toEqual({ A: "1" });
    expect(job.group("a")?.task("y")?.env).toBeUndefined();
    expect(changed.group("a")?.task("x")).toBe(job.group("a")?.task("x"));
    expect(changed.group("b")).toBe(job.group("b"));
  });

  test("is changed with all others of its kind", () => {
    const changed = job.withEachTask((each) => each.withEnv({ A: each.name }));
    expect(changed.groups?.flatMap((group) => group.tasks?.map(({ env }) => env?.A))).toEqual(["x", "y", "z"]);
    expect(job.withEachTask((each) => each)).toBe(job);
  });

  test("that is not there is an error that says what is, and so is a function that gives nothing back", () => {
    expect(() => job.withGroup("c", (group) => group)).toThrow(
      new UserError([
        {
          rule: "model/missing",
          path: ["groups", { key: "c" }],
          message: 'is not there; write one of "a", "b"',
          severity: "error",
        },
      ]),
    );
    const forgetful = (group: TaskGroup) => void group.withMeta({ a: "1" });
    expect(() => job.withGroup("a", forgetful as never)).toThrow(
      /groups\[a\]: expected the changed group, found nothing/,
    );
  });

  test("that has no JSON, or refuses its change, is named with all that it stands in", () => {
    const refused = (make: () => unknown) => {
      try {
        return make();
      } catch (error) {
        return error instanceof UserError ? error.problems.map(({ path }) => pathText(path)) : error;
      }
    };
    const timed = job.withGroup("a", (group) =>
      group.withTask("y", (task) => task.with({ killTimeout: "5s" as never })),
    );
    expect(refused(() => timed.toApi())).toEqual(["groups[a].tasks[y].killTimeout"]);
    const volumes = [{ name: "data", type: "host", source: Symbol("s") as never }] as const;
    const mounted = job.withGroup("b", (group) => group.with({ volumes }));
    expect(refused(() => mounted.toApi())).toEqual(["groups[b].volumes[data].source"]);
    const twice = job.withEachTask((task) => task.withEnv({ LOG: "info" }));
    expect(refused(() => twice.withEachTask((task) => task.withEnv({ LOG: "debug" })))).toEqual([
      "groups[a].tasks[x].env.LOG",
    ]);
    expect(refused(() => job.withGroup("a", (group) => group.withTask("z", (task) => task)))).toEqual([
      "groups[a].tasks[z]",
    ]);
    const plain = { API_KEY: "abc" } as never;
    expect(refused(() => job.withEachTask((task) => task.withSecretEnv(plain)))).toEqual([
      "groups[a].tasks[x].env.API_KEY",
    ]);
    expect(refused(() => job.withEachTask((task) => task.withSecretEnv(undefined as never)))).toEqual([
      "groups[a].tasks[x].env",
    ]);
    const others = new Error("of somebody else");
    expect(() =>
      job.withEachTask(() => {
        throw others;
      }),
    ).toThrow(others);
  });

  test("that was spread into another is said to have left its properties behind", () => {
    const spread = new Job({ id: "web", groups: [{ ...job.group("a"), name: "c" } as TaskGroup] });
    expect(spread.validate()).toContainEqual(
      expect.objectContaining({
        rule: "field/type",
        message: expect.stringContaining("write block.with({ … })") as string,
      }),
    );
  });
});

test("data that stands in itself, or in many places, is copied in time that grows with it", () => {
  const loop: Props = {};
  loop.a = [loop, loop];
  loop.b = loop;
  const job = new Job({ id: "web", groups: [{ name: "a", tasks: [{ name: "t", driver: Driver.custom("x", loop) }] }] });
  expect(job.validate()).toContainEqual(expect.objectContaining({ rule: "field/type" }));
});
