import { BrowserSessions, NomadManager, SlotPool, UserError, WarmPool, WarmPoolManager } from "../../../lib/pools";

// Programs that no compiler looked at: what they misspell was taken for the default, and what they left out was an error of JavaScript.

const nomad = {};
const store = {};
const executor = {};

type Made = new (options: never) => unknown;
const CLASSES: readonly (readonly [string, Made, object, readonly string[]])[] = [
  ["WarmPool", WarmPool, { nomad, store, executor, pool: "web" }, ["nomad", "store", "executor", "pool"]],
  ["WarmPoolManager", WarmPoolManager, { nomad, store, executor }, ["nomad", "store", "executor"]],
  ["SlotPool", SlotPool, { nomad, store, pool: "web" }, ["nomad", "store"]],
  ["BrowserSessions", BrowserSessions, { nomad, store }, ["nomad", "store"]],
  ["NomadManager", NomadManager, { nomad, executor }, ["nomad", "executor"]],
];

function refused(Class: Made, options: unknown): readonly string[] {
  try {
    new Class(options as never);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.split("\n");
  }
}

test("the sizes of a manager's pools are of providers that there are", () => {
  expect(refused(WarmPoolManager, { nomad, store, executor, sizes: { opnai: 3 } })).toEqual([
    'WarmPoolManager.sizes.opnai: there is no such property; write "openai"',
  ]);
});

describe.each(CLASSES)("the options of %s", (name, Class, options, needed) => {
  test("are said to be missing, each with what to write", () => {
    expect(refused(Class, {})).toEqual(
      needed.map((each) => expect.stringContaining(`${name}.${each}: must be given; `)),
    );
    expect(refused(Class, undefined)).toEqual([
      `${name}: expected its properties as an object, found nothing; write { name: value }`,
    ]);
  });

  test("have the names that there are", () => {
    expect(refused(Class, options)).toEqual([]);
    expect(refused(Class, { ...options, nomda: nomad })).toEqual([
      `${name}.nomda: there is no such property; write "nomad"`,
    ]);
  });
});
