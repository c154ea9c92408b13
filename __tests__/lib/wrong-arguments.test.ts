import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import * as lib from "../../lib";

// Programs are TypeScript, and their values are often JSON: whatever kind of it a constructor is given, it says so.

type Anything = new (...args: readonly unknown[]) => unknown;
/** What others are made of: an error, the base of all blocks, and a class whose constructor is private. */
const NOT_FOR_PROGRAMS = new Set(["UserError", "Block", "RuntimeJob"]);
const CLASSES = (Object.entries(lib) as unknown as readonly (readonly [string, Anything])[]).filter(
  ([name, value]) =>
    typeof value === "function" &&
    /^class\b/.test(Function.prototype.toString.call(value)) &&
    !NOT_FOR_PROGRAMS.has(name),
);
const WRONG = [null, "abcdefgh", 7, true, ["a"], [null]] as const;
/** The base of constructs, whose own constructor says which properties there are. */
const ABSTRACT = new Set(["ClusterConstruct"]);
/** Objects that lack what is needed, or have what no class knows. */
const UNHEARD_OF = { unheardOf: 1 } as const;
const LACKING = [{}, UNHEARD_OF] as const;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-wrong-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are classes to be held to it", () => expect(CLASSES.length).toBeGreaterThan(80));

/** What a call came to: nothing, or how what was thrown is called. */
function thrown(call: () => unknown): string {
  try {
    call();
    return "nothing";
  } catch (error) {
    if (error instanceof lib.UserError)
      return error.problems.every(({ path }) => path.length > 0) ? "place" : error.message;
    return String(error instanceof Error ? (error.stack ?? error) : error);
  }
}

test.each(CLASSES)("new %s() given another kind says so, with the place, or keeps it for the check", (_name, Made) => {
  const isConstruct = Made.prototype instanceof Construct;
  const app = Testing.app({ fakeCdktfJsonPath: true, outdir: folder });
  [...WRONG, ...LACKING].forEach((wrong, index) => {
    const args = isConstruct ? [new TerraformStack(app, `s${index}`), "x", wrong] : [wrong];
    expect({ wrong, thrown: thrown(() => new Made(...args)) }).toEqual({
      wrong,
      thrown: expect.stringMatching(/^(nothing|place)$/) as string,
    });
  });
});

test.each(CLASSES.filter(([, Made]) => Made.prototype instanceof Construct && !ABSTRACT.has(Made.name)))(
  "new %s() refuses a property that it does not have",
  (_name, Made) => {
    const stack = new TerraformStack(Testing.app({ fakeCdktfJsonPath: true, outdir: folder }), "s");
    expect(thrown(() => new Made(stack, "x", UNHEARD_OF))).toBe("place");
  },
);

test.each<[string, (props: never) => unknown]>([
  ["dispatched", (props) => lib.RuntimeJob.dispatched(props)],
  ["once", (props) => lib.RuntimeJob.once(props)],
  ["dispatch", (props) => lib.RuntimeJob.dispatch(props)],
])("RuntimeJob.%s() given another kind says so, with the place", (_name, make) => {
  for (const wrong of WRONG)
    expect({ wrong, thrown: thrown(() => make(wrong as never)) }).toEqual({ wrong, thrown: "place" });
});
