import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Job } from "../../lib";
import { toTypeScript } from "../../lib/typescript";
import { hostile } from "../support/hostile";
import { jobOf } from "../support/written";

/** What ran would leave: a global, a changed prototype, a file, an end of the process. */
const CODE = [
  "globalThis.RAN=1",
  "process.exit(7)",
  "Object.prototype.RAN=1",
  'require("node:fs").writeFileSync(__dirname+"/ran","")',
  'process.on("ran",()=>0)',
];
/** What would end the text, the comment or the name that it stands in, and let the rest go on. */
const ENDINGS = [
  (code: string) => `";${code};//`,
  (code: string) => `';${code};//`,
  (code: string) => `\`;${code};//`,
  (code: string) => `\\";${code};//`,
  (code: string) => `\\\`;${code};//`,
  (code: string) => `\${${code}}`,
  (code: string) => `\\\${${code}}`,
  (code: string) => `"+(${code})+"`,
  (code: string) => `"]:(${code}),["`,
  (code: string) => `*/${code};/*`,
  (code: string) => `\n${code};\n`,
  (code: string) => `\r${code};//`,
  (code: string) => `\u2028${code};//`,
  (code: string) => `\u2029${code};//`,
  (code: string) => `\\u000a${code};//`,
  (code: string) => `=(${code})`,
  (code: string) => `}));${code};(({`,
];
const attack = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...ENDINGS), fc.constantFrom(...CODE)).map(([end, code]) => end(code)),
  },
  { weight: 1, arbitrary: hostile },
  { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "default", "await", "") },
);
const crafted = fc.record({
  texts: fc.array(attack, { minLength: 21, maxLength: 21 }),
  source: fc.array(attack, { minLength: 3, maxLength: 3 }),
});

const LIBRARY = join(__dirname, "../../lib");
const COUNT = 100;
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-hostile-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** HCL with foreign comments, at the places of the job's blocks. */
function sourceOf([first = "", second = "", third = ""]: readonly string[]): string {
  const line = (text: string) => text.replaceAll("\n", " ");
  return `# ${line(first)}\njob "j" {\n  // ${line(second)}\n  group "g" {\n    /* ${third.replaceAll("*/", "* /")} */\n  }\n}\n`;
}

test("of 100 crafted jobs that are imported and run, nothing runs but the job", async () => {
  const drawn = fc.sample(crafted, { numRuns: COUNT, seed: 7 });
  const meant: Record<string, readonly unknown[]> = {};
  for (const [index, { texts, source }] of drawn.entries()) {
    const job = jobOf((place) => texts[place] ?? "");
    const commented = Job.fromApi({ ID: "j", Meta: { a: texts[0] }, TaskGroups: [{ Name: "g" }] });
    const modules = [{ job }, { job: commented, source: sourceOf(source) }];
    writeFileSync(join(folder, `job${index}.ts`), await toTypeScript(modules, { from: LIBRARY }));
    meant[`job${index}.ts`] = [job.toApi().Job, commented.toApi().Job];
  }
  const run = spawnSync(process.execPath, ["--import", "tsx", join(__dirname, "../support/run-imports.ts"), folder], {
    encoding: "utf8",
    cwd: join(__dirname, "../.."),
    timeout: 100_000,
  });
  expect({ code: run.status, said: run.stdout + run.stderr }).toEqual({ code: 0, said: "" });
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as readonly {
    readonly name: string;
    readonly jobs: readonly unknown[];
    readonly globals: number;
    readonly prototypes: number;
    readonly listeners: number;
  }[];
  expect(report).toHaveLength(COUNT);
  for (const { name, jobs, ...did } of report) {
    expect({ name, ...did }).toEqual({ name, globals: 0, prototypes: 0, listeners: 0 });
    expect({ name, jobs: jobs.map(canonical).sort() }).toEqual({
      name,
      jobs: (meant[name] ?? []).map(canonical).sort(),
    });
  }
});

/** A value as JSON whose keys, `__proto__` among them, have one order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join()}}`;
}
