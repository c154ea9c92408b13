import fc from "fast-check";
import { Job, pathText, UserError } from "../../../lib";
import { isVersionConstraint, wrongCron, wrongExpression } from "../../../lib/jobspec/rules/grammar";
import { jobs } from "../../support/arbitraries";
import { growth, LINEAR } from "../../support/growth";
import { hostile, RUNS } from "../../support/hostile";

/** Objects within each other, or lists. */
function nested(depth: number, list: boolean): unknown {
  let json: unknown = {};
  for (let level = 0; level < depth; level += 1) json = list ? [json] : { a: json };
  return json;
}

describe("JSON that is nested 100,000 deep", () => {
  const task = (more: object) => ({
    ID: "j",
    TaskGroups: [{ Name: "g", Tasks: [{ Name: "t", Driver: "mine", ...more }] }],
  });
  const places: [string, (deep: unknown) => unknown, string][] = [
    ["a field that is not known", (deep) => ({ ID: "j", Tomorrow: deep }), "Tomorrow"],
    ["one of a task", (deep) => task({ Tomorrow: deep }), "Tomorrow"],
    ["a driver's configuration", (deep) => task({ Config: { a: deep } }), "driver"],
    ["a policy of scaling", (deep) => ({ ID: "j", TaskGroups: [{ Scaling: { Policy: { a: deep } } }] }), "scaling"],
    ["a map of texts", (deep) => ({ ID: "j", Meta: deep }), "meta"],
    ["a list", (deep) => ({ ID: "j", Datacenters: deep }), "datacenters"],
    ["blocks", (deep) => ({ ID: "j", TaskGroups: deep }), "groups"],
    ["a block", (deep) => ({ ID: "j", Update: deep }), ""],
  ];
  test.each(places.flatMap((each) => [false, true].map((list) => [...each, list] as const)))(
    "is an error with its place: %s",
    (_name, at, place, list) => {
      const { problems } = Job.read(at(nested(100_000, list)));
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.some(({ path }) => pathText(path).includes(place))).toBe(true);
    },
  );

  test("is refused in words", () => {
    expect(() => Job.fromApi({ ID: "j", Tomorrow: nested(100_000, false) })).toThrow(UserError);
    expect(() => Job.fromApi({ ID: "j", Tomorrow: nested(100_000, false) })).toThrow(
      "Tomorrow: is nested more than 100 deep; flatten it",
    );
  });
});

describe("a job that lacks parts, or has others in their place", () => {
  const parts = fc.oneof(fc.constant(null), fc.constant(""), fc.constant([]), fc.constant({}), hostile, fc.integer());

  test("is judged and never ends in an error of our own", () => {
    fc.assert(
      fc.property(jobs, fc.infiniteStream(fc.nat(30)), fc.infiniteStream(parts), (json, chances, others) => {
        const changed = change(json, () => {
          const chance = chances.next().value ?? 0;
          return chance === 0 ? { by: undefined } : chance === 1 ? { by: others.next().value } : undefined;
        });
        const { job } = Job.read(changed);
        expect(() => job?.validate()).not.toThrow();
      }),
      { ...RUNS, numRuns: RUNS.numRuns * 2 },
    );
  });

  test("such as the group of a mesh service without a name", () => {
    const connect = { SidecarService: {} };
    const job = Job.fromApi({ ID: "j", TaskGroups: [{ Services: [{ Name: "s", Connect: connect }], Tasks: [] }] });
    expect(job.validate().map(({ path }) => pathText(path))).toContain("groups[0].name");
  });
});

/** A value of which some parts are others. */
function change(json: unknown, draw: () => { readonly by: unknown } | undefined): unknown {
  if (Array.isArray(json))
    return json.map((item: unknown) => changeOne(item, draw)).filter((item) => item !== undefined);
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, changeOne(item, draw)]));
}

function changeOne(item: unknown, draw: () => { readonly by: unknown } | undefined): unknown {
  const drawn = draw();
  return drawn ? drawn.by : change(item, draw);
}

describe("notations are read in a time that grows with the text", () => {
  test.each([
    ["dashes", "1-", "-", "!"],
    ["digits", "1-", "1", "!"],
    ["letters", "1", "a", "!"],
    ["dots", "1", ".1", "!"],
    ["spaces", "", " ", "!"],
    ["spaces behind", "1", " ", "!"],
    ["builds", "1+", "a.", "!"],
    ["parts", "", "1,", "!"],
  ])("versions of %s", async (_name, before, unit, after) => {
    for (const notation of ["version", "semver"] as const)
      expect(
        await growth((length) => isVersionConstraint(before + unit.repeat(length) + after, notation), 100_000),
      ).toBeLessThan(LINEAR);
  });

  test.each([["1"], ["1/"], ["1,"], ["*/1,"], ["@yearly"], [" "], ["1-"]])("schedules of %j", async (unit) => {
    expect(await growth((length) => wrongCron(`${unit.repeat(length)} * * * *`), 100_000)).toBeLessThan(LINEAR);
  });

  test.each([["("], ["(a"], ["a*"], ["[a]"], ["(?:a|b)?"]])("expressions of %j", async (unit) => {
    expect(await growth((length) => wrongExpression(unit.repeat(length)), 8_000)).toBeLessThan(LINEAR);
  });
});

test("names that every object has are names and nothing else", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    const options: unknown = JSON.parse(`{"checksum": "${name}:00", "${name}": "x"}`);
    const job = Job.fromApi({
      ID: name,
      Type: name,
      Meta: JSON.parse(`{"${name}": "x"}`) as object,
      TaskGroups: [
        {
          Name: name,
          Constraints: [{ LTarget: name, RTarget: name, Operand: name }],
          Tasks: [
            {
              Name: name,
              Driver: name,
              Config: JSON.parse(`{"${name}": "x"}`) as object,
              Artifacts: [{ GetterSource: name, GetterOptions: options }],
            },
          ],
        },
      ],
    });
    expect(job.validate().map(({ rule }) => rule)).toEqual(expect.arrayContaining(["artifact/checksum"]));
    expect(JSON.stringify(job.toApi())).toContain(`"Meta":{"${name}":"x"}`);
    expect(job.toHcl()).toContain(`${name} = "x"`);
  }
});
