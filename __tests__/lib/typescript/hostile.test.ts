import fc from "fast-check";
import { Job } from "../../../lib";
import { toTypeScript } from "../../../lib/typescript";
import { compiled } from "../../support/compiled";
import { growth, LINEAR } from "../../support/growth";
import { hostile, RUNS as ALL_RUNS } from "../../support/hostile";
import { jobOf } from "../../support/written";

// Long texts are written in another way than short ones.
const text = fc.oneof(
  { weight: 9, arbitrary: hostile },
  { weight: 1, arbitrary: hostile.map((each) => each.repeat(300)) },
);
// Each is formatted, which takes its time.
const RUNS = { numRuns: Math.ceil(ALL_RUNS.numRuns / 4) };
const drawn = fc.array(text, { minLength: 21, maxLength: 21 });

describe("a job of somebody else", () => {
  it("becomes an import and an export, whose strings are its strings", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, hostile, async (texts, from) => {
        const program = compiled(await toTypeScript([{ job: jobOf((place) => texts[place] ?? "") }], { from }));
        expect(program.statements).toEqual(["ImportDeclaration", "FirstStatement"]);
        expect(program.comments).toEqual([]);
        expect(program.from).toBe(from);
        // The values come back: nothing between them but what the writer says.
        const job = jobOf((place) => texts[place] ?? "").toApi().Job;
        const held = new Set(program.strings);
        // An operator of a constraint is the name of its constructor.
        expect(textsOf(job).filter((each) => each !== "=" && !held.has(each))).toEqual([]);
      }),
      RUNS,
    );
  });

  it("has one way to be written, whatever its texts are", async () => {
    const meant = compiled(await toTypeScript([{ job: jobOf((place) => `w${place}`) }])).code;
    await fc.assert(
      fc.asyncProperty(drawn, async (texts) => {
        // A letter before each, since an empty text is left out, and two equal keys are one.
        const module = await toTypeScript([{ job: jobOf((place) => `w${place}${texts[place] ?? ""}`) }]);
        expect(compiled(module).code).toBe(meant);
      }),
      RUNS,
    );
  });

  it("has comments that are comments, in the same lines as its source", async () => {
    const meant = ["ImportDeclaration", "FirstStatement"];
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 3, maxLength: 3 }), async (texts) => {
        const [first = "", second = "", third = ""] = texts.map((text) =>
          text.replaceAll("*/", "* /").replaceAll("\n", " "),
        );
        const source = `# ${first}\njob "j" {\n  // ${second}\n  group "g" {\n    /* ${third}\n    */\n    task "t" {\n    }\n  }\n}\n`;
        const job = Job.fromApi({
          ID: "j",
          TaskGroups: [{ Name: "g", Tasks: [{ Name: "t", Driver: "exec", Config: { command: "x" } }] }],
        });
        const program = compiled(await toTypeScript([{ job, source }]));
        expect(program.statements).toEqual(meant);
        expect(program.strings).toEqual(expect.arrayContaining(["g", "t", "x"]));
        for (const comment of program.comments) {
          expect(comment).toMatch(/^\/\/ ?/);
          expect(comment).not.toMatch(/^\/\/\s*@ts-/);
          expect(comment).not.toMatch(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        }
      }),
      RUNS,
    );
  });
});

it.each(["\u2028", "\u2029", "\r", "\u0085", "\v", "\f"])("a comment goes on behind %j", async (sign) => {
  const source = `# harmless${sign}process.exit(1);\njob "j" {}\n`;
  const program = compiled(await toTypeScript([{ job: Job.fromApi({ ID: "j" }), source }]));
  expect(program.statements).toEqual(["ImportDeclaration", "FirstStatement"]);
  expect(program.comments.join("\n")).toContain("process.exit(1);");
});

it("names of exports are names, each another", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 2, maxLength: 6 }), async (ids) => {
      const program = compiled(await toTypeScript(ids.map((id) => ({ job: Job.fromApi({ ID: id }) }))));
      expect(program.statements).toEqual(["ImportDeclaration", ...ids.map(() => "FirstStatement")]);
    }),
    RUNS,
  );
});

it.each(["x", "a line ${a} `\\n"])(
  "a text of megabytes of %j is written, over lines or not, in a time that grows with its length",
  async (unit) => {
    const written = async (length: number) => {
      const job = jobOf((place) => (place === 16 || place === 17 ? unit.repeat(length / unit.length) : "w"));
      return { length, module: await toTypeScript([{ job }]) };
    };
    expect(await growth(written, 1_200_000, 1_000)).toBeLessThan(LINEAR);
    const { length, module } = await written(1_200_000);
    expect(Math.max(...compiled(module).strings.map((each) => each.length))).toBeGreaterThan(length * 0.9);
  },
);

/** Every text in a value, keys too, but for those that the API gives. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
