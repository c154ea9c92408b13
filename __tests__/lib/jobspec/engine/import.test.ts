import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Job, UserError } from "../../../../lib";

/** null and absent are the same to Nomad. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}

describe("Job.fromApi", () => {
  test("takes the job with and without its outer key", () => {
    const api = {
      Job: {
        ID: "a",
        TaskGroups: [{ Name: "g", Count: 2, Tasks: [{ Name: "t", Driver: "exec", Config: { command: "/bin/true" } }] }],
      },
    };
    expect(Job.fromApi(api).toApi()).toEqual(api);
    expect(Job.fromApi(api.Job).toApi()).toEqual(api);
  });

  test("carries through what it does not know, and what only a server sets", () => {
    const api = { Job: { ID: "a", Status: "running", Version: 3, Tomorrow: { Deep: [1, 2] } } };
    expect(Job.fromApi(api).toApi()).toEqual(api);
  });

  test("keeps static and dynamic ports apart", () => {
    const network = { ReservedPorts: [{ Label: "a", Value: 80 }], DynamicPorts: [{ Label: "b", To: 8080 }] };
    const api = { Job: { ID: "a", TaskGroups: [{ Name: "g", Networks: [network] }] } };
    expect(Job.fromApi(api).toApi()).toEqual(api);
  });

  test("keeps keys that mean something to JavaScript as data", () => {
    const api = JSON.parse('{"ID":"a","Meta":{"__proto__":"x","constructor":"y"}}') as unknown;
    expect(JSON.stringify(Job.fromApi(api).toApi())).toBe(
      '{"Job":{"ID":"a","Meta":{"__proto__":"x","constructor":"y"}}}',
    );
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test.each([
    ["a list", []],
    ["a text", "job"],
    ["null", null],
    ["a wrong kind inside", { ID: "a", TaskGroups: [{ Name: "g", Count: "two" }] }],
    ["a group that is a number", { ID: "a", TaskGroups: [1] }],
  ])("refuses %s with its place", (_name, json) => {
    expect(() => Job.fromApi(json)).toThrow(UserError);
  });

  const corpus = join(__dirname, "../../../../../shared/jobspec/corpus.json");
  const there = existsSync(corpus);
  if (!there) console.log("skipped: the corpus of real jobs is not beside this clone");
  const testWhere = there ? test : test.skip;
  testWhere("gives every job of the corpus back", () => {
    const entries = JSON.parse(readFileSync(corpus, "utf8")) as { name: string; job: unknown; canonical: unknown }[];
    const changed = entries.filter((entry) =>
      [entry.job, entry.canonical].some(
        (json) =>
          json &&
          JSON.stringify(sorted(withoutNulls(Job.fromApi(json).toApi().Job))) !==
            JSON.stringify(sorted(withoutNulls(json))),
      ),
    );
    expect(changed.map((entry) => entry.name)).toEqual([]);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
