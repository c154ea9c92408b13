import {
  rememberedEnvironmentVariables,
  rememberedVariables,
  type VariableDeclaration,
} from "../../../../lib/operations";
import { layOut, readRecordTexts, recordPath, type StackRecord } from "../../../../lib/stack-record";

const record: StackRecord = {
  project: "shop",
  environment: "dev",
  owner: "cdk-nomad",
  variables: { version: "abc", level: "info", count: 3, zones: ["a"], gone: "x", password: "p", typed: "text" },
  defaults: { version: "0.1.0", level: "info", count: 2, zones: [] },
  environmentVariables: { FOLDER: "/opt", LIST: "a,b", UNSET: null, NODE_OPTIONS: "--require=evil" },
  jobs: [],
  consul: [],
  former: { jobs: [], consul: [] },
};
const declared: Readonly<Record<string, VariableDeclaration>> = {
  version: { type: "string", default: "0.2.0" },
  level: { type: "string", default: "warn" },
  count: { type: "number", default: 2 },
  zones: { type: "list(string)", default: [] },
  password: { type: "string" },
  typed: { type: "number", default: 1 },
};
const none = { variables: {}, env: {} };

test("what somebody said is remembered, and not what was the program's default then", () => {
  expect(rememberedVariables(record, declared, none)).toEqual({ version: "abc", count: "3", zones: '["a"]' });
});

test("whoever says another value is believed, whichever way it is said", () => {
  const { version: _gone, ...rest } = declared;
  const one = { version: { type: "string", default: "0.2.0" } };
  expect(rememberedVariables(record, one, { ...none, variables: { version: "2" } })).toEqual({});
  expect(rememberedVariables(record, one, { ...none, env: { TF_VAR_version: "2" } })).toEqual({});
  expect(rememberedVariables(record, rest, none)).not.toHaveProperty("version");
});

test("a variable that is sensitive by now is not taken from a record", () => {
  expect(rememberedVariables(record, { version: { type: "string", sensitive: true } }, none)).toEqual({});
});

test("environment variables are taken by the names that the program looks at, where nobody says them", () => {
  const now = { FOLDER: null, LIST: "a,b", UNSET: "found" };
  expect(rememberedEnvironmentVariables(record, now, { env: {} }, true)).toEqual({ FOLDER: "/opt" });
  expect(rememberedEnvironmentVariables(record, now, { env: { FOLDER: "" } }, true)).toEqual({});
  expect(rememberedEnvironmentVariables(record, { ...now, toString: null }, { env: {} }, true)).toEqual({
    FOLDER: "/opt",
  });
});

test.each([
  ["a,b,c", { LIST: "a,b" }, {}],
  ["a", { LIST: "a,b" }, { LIST: "a,b" }],
  ["", { LIST: "a,b" }, { LIST: "a,b" }],
])(
  "a list that is %j now: taken by who looks; by who deploys where something would be lost",
  (list, looks, deploys) => {
    expect(rememberedEnvironmentVariables(record, { LIST: list }, { env: {} }, true)).toEqual(looks);
    expect(rememberedEnvironmentVariables(record, { LIST: list }, { env: {} }, false)).toEqual(deploys);
  },
);

test.each(["constructor", "prototype", "__proto__"])(
  "a variable called %s, and a key of that name in another's value, are remembered as they were said",
  (name) => {
    const head = recordPath({ project: "shop", environment: "dev" });
    const values = `{${JSON.stringify(name)}:"said","settings":{${JSON.stringify(name)}:"inner","other":"x"}}`;
    const said = JSON.parse(values) as StackRecord["variables"];
    const laidOut = layOut({ ...record, variables: said, defaults: {} });
    const written = new Map(laidOut.map(({ path, value }) => [path, JSON.stringify(value)]));
    const read = readRecordTexts(written, head);
    expect(JSON.stringify(read?.variables)).toBe(values);
    const both = JSON.parse(
      `{${JSON.stringify(name)}:{"type":"string"},"settings":{"type":"map(string)"}}`,
    ) as typeof declared;
    const remembered = rememberedVariables(read ?? record, both, none);
    expect(Object.entries(remembered)).toEqual([
      [name, "said"],
      ["settings", JSON.stringify(said.settings)],
    ]);
  },
);
