import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import * as lib from "../../lib";
import { Place } from "../../lib/jobspec/engine";
import { targetOf } from "../../lib/jobspec/host";

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

/** What is said of properties that a class does not have: by its constructor, or by the block when it is judged. */
function toldOf(make: () => unknown): readonly string[] {
  const found: lib.Problem[] = [];
  try {
    const made = make();
    if (made instanceof lib.Block) made.checkBlock(Place.root(found as lib.JobProblem[], targetOf({})), targetOf({}));
  } catch (error) {
    if (!(error instanceof lib.UserError)) throw error;
    found.push(...error.problems);
  }
  return found.filter(({ rule }) => rule === "field/unknown").map(({ path }) => lib.pathText(path.slice(-1)));
}

test.each(CLASSES.filter(([, Made]) => Made.prototype instanceof lib.Block))(
  "new %s() tells of a property that it does not have",
  (_name, Made) => expect(toldOf(() => new Made(UNHEARD_OF))).toEqual(["unheardOf"]),
);

const WAYS: readonly [string, (props: never) => unknown][] = [
  ["dispatched", (props) => lib.RuntimeJob.dispatched(props)],
  ["once", (props) => lib.RuntimeJob.once(props)],
  ["waiting", (props) => lib.RuntimeJob.waiting(props)],
  ["dispatch", (props) => lib.RuntimeJob.dispatch(props)],
];

test.each(WAYS)("RuntimeJob.%s() tells of a property that it does not have", (_name, make) => {
  expect(toldOf(() => make(UNHEARD_OF as never))).toEqual(["unheardOf"]);
});

test("the nearest property is told, and everything else that is wrong beside it", () => {
  expect(() => new lib.WarmPoolJob({ provider: "opnai", siez: 3 } as never)).toThrow(
    'WarmPoolJob.provider: expected "openai" or "anthropic" or "google", found "opnai"; write "openai"\nWarmPoolJob.siez: there is no such property; write "size"',
  );
  expect(() => new lib.PrismStack({ admni: { count: 3 }, priorty: 3 } as never)).toThrow(
    'PrismStack.admni: there is no such property; write "admin"\nPrismStack.priorty: there is no such property; write "priority"',
  );
  expect(() => new lib.PrismStack({ launcher: { cuont: 3 } } as never)).toThrow(
    'LauncherGroup.cuont: there is no such property; write "count"',
  );
});

test.each(WAYS)("RuntimeJob.%s() given another kind says so, with the place", (_name, make) => {
  for (const wrong of WRONG)
    expect({ wrong, thrown: thrown(() => make(wrong as never)) }).toEqual({ wrong, thrown: "place" });
});
