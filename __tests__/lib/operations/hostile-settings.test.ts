import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../lib";
import { withSynthesis } from "../../../lib/operations";

/** The program writes down the context that reaches it. */
const PROGRAM = `require("node:fs").writeFileSync(require("node:path").join(process.env.CDKTF_OUTDIR, "context"), process.env.CDKTF_CONTEXT_JSON);`;
const APP = `"${process.execPath}" main.js`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-settings-"));
  writeFileSync(join(folder, "main.js"), PROGRAM);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a project with this cdktf.json. @returns the context that the program saw */
async function contextWith(settings: string): Promise<unknown> {
  writeFileSync(join(folder, "cdktf.json"), settings);
  return withSynthesis({ project: folder, env: {} }, async (outdir) =>
    Promise.resolve(JSON.parse(readFileSync(join(outdir, "context"), "utf8")) as unknown),
  );
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const withContext = (context: string) => `{"app": ${JSON.stringify(APP)}, "context": ${context}}`;

test.each<[string, string]>([
  ["nothing", ""],
  ["no JSON", "{app: 1}"],
  ["a list", "[]"],
  ["null", "null"],
  ["a text", '"node main.js"'],
  ["no program", "{}"],
  ["a program that is empty", '{"app": ""}'],
  ["a program that is a number", '{"app": 7}'],
  ["a program that is a list", '{"app": ["node", "main.js"]}'],
  ["a program with a zero byte", '{"app": "node main.js\\u0000 x"}'],
  ["context that is a text", withContext('"x"')],
  ["context that is a list", withContext("[]")],
  ["context that is null", withContext("null")],
  ["context that is a number", withContext("7")],
  ["context with a prototype", withContext('{"__proto__": {"polluted": true}}')],
  ["context with a prototype, deep inside", withContext('{"a": [{"__proto__": {"polluted": true}}]}')],
  ["context that is nested a hundred thousand deep", withContext(`{"a": ${deep(100_000)}}`)],
  ["context of 10 MB", withContext(`{"a": "${"x".repeat(10_000_000)}"}`)],
  ["context of many names, of 10 MB", withContext(JSON.stringify(Object.fromEntries(names(400_000))))],
  [
    "context with a zero byte, which no variable of the environment takes",
    withContext('{"a": "x"}').replace('"a"', '"a\\u0000"'),
  ],
  ["modules that are a text", `{"app": ${JSON.stringify(APP)}, "terraformModules": "./x"}`],
  ["modules without a source", `{"app": ${JSON.stringify(APP)}, "terraformModules": [{"name": "x"}]}`],
])(
  "a cdktf.json with %s is refused in a sentence that names the place, or reaches the program",
  async (_name, settings) => {
    const found = await failureOf(contextWith(settings));
    const isTold = found instanceof UserError && /cdktf\.json/.test(found.message) && found.message.length < 1000;
    const arrived = typeof found === "object" && found !== null && "value" in found;
    expect({ found, isFine: isTold || arrived }).toEqual({ found, isFine: true });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    // Whatever was begun is gone.
    expect(readdirSync(join(folder, ".cdk-nomad/synth"))).toEqual([]);
  },
);

function names(count: number): readonly [string, number][] {
  return Array.from({ length: count }, (_, index) => [`a${index}`.padEnd(20, "x"), index]);
}

test("what the shell knows in a context is data to the program", async () => {
  const context = { a: "$(touch ran) `touch ran`; touch ran", "b\n": "'\"\\\n", constructor: "x", toString: [null] };
  expect(await contextWith(withContext(JSON.stringify(context)))).toEqual({ ...context, cdktfRelativeModules: [] });
  expect(readdirSync(folder)).not.toContain("ran");
});

test("a folder in the place of cdktf.json is told", async () => {
  mkdirSync(join(folder, "cdktf.json"));
  const found = await failureOf(withSynthesis({ project: folder, env: {} }, () => Promise.resolve(1)));
  expect(found).toBeInstanceOf(UserError);
  expect((found as Error).message).toMatch(/cdktf\.json/);
});
