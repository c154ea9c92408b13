import fc from "fast-check";
import type { ConsulClient } from "../../../../lib/nomad";
import { findLeftovers, removeLeftovers, sparedKeys, type StackObject } from "../../../../lib/operations";
import type { RecordedInConsul, StackRecord } from "../../../../lib/stack-record";
import { draws } from "../../../support/draws";

/** Keys and configuration entries of a Consul in this process. */
class Consul {
  readonly keys = new Set<string>();
  readonly entries = new Set<string>();
  refuses = false;

  get client(): ConsulClient {
    const asked = () => {
      if (this.refuses) throw new Error("Permission denied");
    };
    const below = (prefix: string) => [...this.keys].filter((key) => key.startsWith(prefix));
    const client: Partial<ConsulClient> = {
      keys: async (prefix: string) => (asked(), below(prefix)),
      values: async (prefix: string) =>
        new Map(below(prefix).map((key) => [key, { value: "", modifyIndex: 1 }] as const)),
      deleteKey: async (key: string) => this.keys.delete(key),
      configEntry: async (kind: string, name: string) =>
        this.entries.has(`${kind} ${name}`) ? { Kind: kind, Name: name } : undefined,
      deleteConfigEntry: async (kind: string, name: string) => (asked(), this.entries.delete(`${kind} ${name}`)),
    };
    return client as ConsulClient;
  }
}

const keys = (...names: readonly string[]): readonly RecordedInConsul[] =>
  names.map((name) => ({ kind: "keys", name }));
const wants = (...prefixes: readonly string[]): readonly StackObject[] =>
  prefixes.map((prefix) => ({ kind: "keys", path: prefix, prefix, values: {}, after: [] }));
const other = (consul: readonly RecordedInConsul[]): StackRecord => ({
  project: "shop",
  environment: "staging",
  owner: "cdk-nomad",
  variables: {},
  defaults: {},
  environmentVariables: {},
  jobs: [],
  consul,
  former: { jobs: [], consul: [] },
});

const find = (
  known: readonly RecordedInConsul[],
  consul: Consul,
  objects: readonly StackObject[] = [],
  others: readonly StackRecord[] = [],
) => findLeftovers(known, { consul: consul.client, contents: { objects }, otherStacks: others });
const remove = (items: readonly RecordedInConsul[], consul: Consul, spared: readonly string[] = []) =>
  removeLeftovers(items, { consul: consul.client, spared, onStep: () => undefined });

test("are what a record has in Consul, the program has not, and is there", async () => {
  const consul = new Consul();
  consul.keys.add("old/level").add("new/level");
  consul.entries.add("service-defaults web").add("service-splitter web");
  const known = [
    ...keys("old/", "new/", "gone/"),
    { kind: "service-defaults", name: "web" },
    { kind: "service-resolver", name: "web" },
  ];
  const found = await find(known, consul, wants("new/"));
  expect(found.leftovers).toEqual([
    ...keys("old/"),
    { kind: "service-defaults", name: "web" },
    { kind: "service-splitter", name: "web" },
  ]);
  expect(found.gone).toEqual([...keys("gone/"), { kind: "service-resolver", name: "web" }]);
  expect((await find(known, consul, wants("new/"), [other(keys("old/"))])).gone).toContainEqual(keys("old/")[0]);
});

test("of which Consul does not tell, or that are the name of nothing, stay with the reason", async () => {
  const consul = new Consul();
  consul.refuses = true;
  expect((await find(keys("old/"), consul)).kept).toEqual([
    { kind: "keys", name: "old/", reason: "Consul does not tell of it: Permission denied" },
  ]);
  consul.keys.add("everybody/else");
  const refused = await remove([{ kind: "service-defaults", name: "web" }, ...keys("", "/")], consul);
  expect(refused.map(({ reason }) => reason)).toEqual([
    "somebody changed it meanwhile",
    "somebody changed it meanwhile",
    "Permission denied",
  ]);
  expect([...consul.keys]).toEqual(["everybody/else"]);
});

test("that end within a step of a path, or are called as nothing is, stay", async () => {
  const consul = new Consul();
  consul.keys.add("db/x").add("deep/y");
  const found = await find([...keys("d", "deep/"), { kind: "service-defaults", name: "\0" }], consul);
  expect(found).toEqual({
    leftovers: keys("deep/"),
    kept: [
      { kind: "keys", name: "d", reason: expect.stringMatching(/within a step of a path/) as unknown },
      { kind: "service-defaults", name: "\0", reason: expect.stringMatching(/control characters/) as unknown },
    ],
    gone: [],
  });
});

test("a prefix that a longer one of the program or of another stack is below takes none of its keys along", async () => {
  const step = fc.constantFrom("a", "b", "c", "pools", "cdk-nomad", "stacks");
  const prefix = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => `${steps.join("/")}/`);
  const key = fc.tuple(prefix, step).map(([above, name]) => above + name);
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { maxLength: 12 }),
      fc.array(prefix, { maxLength: 3 }),
      fc.array(prefix, { maxLength: 3 }),
      fc.array(prefix, { maxLength: 3 }),
      async (all, known, program, others) => {
        const consul = new Consul();
        for (const each of all) consul.keys.add(each);
        const records = [other(keys(...others))];
        const { leftovers } = await find(keys(...known), consul, wants(...program), records);
        await remove(leftovers, consul, sparedKeys(records, keys(...program)));
        const judged = all.map((each) => {
          const own = Math.max(0, ...known.filter((name) => each.startsWith(name)).map(({ length }) => length));
          const isOf = (prefixes: readonly string[]) =>
            prefixes.some((name) => each.startsWith(name) && name.length >= own);
          const stays = own === 0 || isOf(program) || isOf(others) || each.startsWith("cdk-nomad/stacks/");
          const isSure =
            !each.startsWith("pools/") &&
            ![...program, ...others].some((name) => known.some((of) => of.startsWith(name)));
          return { each, stays, isSure };
        });
        const there = judged.filter(({ each }) => consul.keys.has(each));
        expect(there).toEqual(expect.arrayContaining(judged.filter(({ stays }) => stays)));
        expect(there.filter(({ stays, isSure }) => isSure && !stays)).toEqual([]);
      },
    ),
    { numRuns: draws(100) },
  );
});
