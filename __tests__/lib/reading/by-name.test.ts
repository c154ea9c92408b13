import * as v from "valibot";
import { byName } from "../../../lib/reading";

const NAMES = ["constructor", "prototype", "__proto__", "toString", "hasOwnProperty", "", "0", "a.b"];
const text = (values: Readonly<Record<string, unknown>>) => JSON.stringify(values);

test.each(NAMES)("a value by the name %j is read, and is nothing else's", (name) => {
  const written = `{${JSON.stringify(name)}:"x","other":"y"}`;
  const read = v.parse(byName(v.string()), JSON.parse(written));
  expect(text(read)).toBe(text(JSON.parse(written) as Record<string, unknown>));
  expect(Object.keys(v.parse(byName(v.string()), {}))).toEqual([]);
  expect(v.parse(byName(v.string()), {})[name]).toBeUndefined();
});

test.each(NAMES)("what is wrong by the name %j is said with its place", (name) => {
  const within = v.object({ all: byName(v.object({ deep: v.number() })) });
  const found = v.safeParse(within, { all: JSON.parse(`{${JSON.stringify(name)}:{"deep":"x"}}`) as unknown });
  expect(found.issues?.[0].path?.map(({ key }) => key)).toEqual(["all", name, "deep"]);
});

test("names are held against what they may be", () => {
  const schema = byName(v.string(), v.pipe(v.string(), v.regex(/^[a-z]+$/, "is no name")));
  expect(v.safeParse(schema, { constructor: "x" }).success).toBe(true);
  expect(v.safeParse(schema, { A: "x" }).issues?.[0].message).toBe("is no name");
});

test.each([[null], [[]], ["x"], [1], [undefined]])("%j has no names", (value) => {
  expect(v.safeParse(byName(v.string()), value).success).toBe(false);
});
