import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doors } from "../../scripts/doors/main";

/** What a new field, block or driver costs: one of each is added to a copy of the sources, which is then compiled and run. */

const ROOT = join(__dirname, "../..");
const COPIED = ["lib", "examples/blocks", "examples/rules", "scripts", "package.json"];

const FIELD = `  /** Lines kept of each file. @default 3 */ maxLines: int("MaxLines", { min: 1, default: 3 }),`;

const BLOCK = `import { blockOf, int, text, type PropsOf } from "../engine";

const fields = {
  /** Where it is. */
  place: text("Place", { required: true }),
  /** How many of the group's allocations find room in it. @default 2 */
  room: int("Room", { default: 2 }),
};

/** Properties of {@link Garage}. */
export interface GarageProps extends PropsOf<typeof fields> {}

/** Where a group is kept. */
export class Garage extends blockOf({ api: "Garage", hcl: "garage" }, fields) {
  constructor(props: GarageProps) {
    super(props);
  }
}
`;
const HELD = [
  `import { Garage } from "./garage";`,
  `  /** Where it is kept. @default - nowhere */ garage: block("Garage", () => Garage),`,
] as const;

const DRIVER = `import { blockOf, int, text, type PropsOf } from "../engine";

const fields = {
  /** Where it flies. */
  course: text("course", { required: true }),
  /** How many travel with it. @default 0 */
  crewSize: int("crew_size"),
};

/** Properties of a starship task. */
export interface StarshipProps extends PropsOf<typeof fields> {}

/** A program on a starship. */
export class StarshipConfig extends blockOf({ api: "star_ship", hcl: "config" }, fields) {
  constructor(props: StarshipProps) {
    super(props);
  }
}
`;

/** What somebody writes with all three, and what it is in every form that a job has. */
const USE = `import { Driver, Garage, Job, LogConfig, StarshipConfig, Task, TaskGroup } from "./lib/jobspec";
import { effective } from "./lib/jobspec/host";
import { toTypeScript } from "./lib/typescript";

const job = new Job({
  id: "a",
  groups: [
    new TaskGroup({
      name: "g",
      garage: new Garage({ place: "below" }),
      tasks: [
        new Task({
          name: "t",
          driver: Driver.starship({ course: "on", crewSize: 4 }),
          logs: new LogConfig({ maxLines: 5 }),
        }),
      ],
    }),
  ],
});
const lines: number = new LogConfig().resolved.maxLines;
const config = { course: "on", crew_sise: 4 };
const wrong = job.withEachTask((task) =>
  task.with({ logs: { maxLines: 0 }, driver: Driver.custom("star_ship", config) }),
);
// @ts-expect-error -- a course is required
const lost: StarshipConfig = new StarshipConfig({ crewSize: 1 });

async function main(): Promise<void> {
  const read = Job.fromApi(JSON.parse(JSON.stringify(job)));
  const written = await toTypeScript([{ job: read }]);
  const problems = (judged: Job) => judged.validate().map(({ rule, message }) => ({ rule, message }));
  const { TaskGroups } = effective(job) as { TaskGroups: readonly { Garage: unknown }[] };
  const all = { api: read.toApi(), hcl: job.toHcl(), written, lines, filled: TaskGroups[0]?.Garage };
  console.log(JSON.stringify({ ...all, sound: problems(read), wrong: problems(wrong), lost: lost.crewSize }));
}
void main();
`;

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "cdk-nomad-one-of-each-"));
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8")) as Project;
  const project = { compilerOptions: { ...compilerOptions, types: ["node"] }, files: ["use.ts"] };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(project));
  writeFileSync(join(copy, "use.ts"), USE);

  addLine("lib/jobspec/blocks/log-config.ts", "const fields = {", FIELD);
  writeFileSync(join(copy, "lib/jobspec/blocks/garage.ts"), BLOCK);
  addLine("lib/jobspec/blocks/task-group.ts", `import { duration } from "../units";`, HELD[0]);
  addLine("lib/jobspec/blocks/task-group.ts", "const fields = {", HELD[1]);
  writeFileSync(join(copy, "lib/jobspec/drivers/starship.ts"), DRIVER);
  run("scripts/doors/main.ts");
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

interface Project {
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

function addLine(file: string, behind: string, line: string): void {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  expect(text.split(`${behind}\n`)).toHaveLength(2);
  writeFileSync(
    path,
    text.replace(`${behind}\n`, () => `${behind}\n${line}\n`),
  );
}

function run(script: string): string {
  return execFileSync(process.execPath, ["--import", "tsx", script], { cwd: copy, encoding: "utf8" });
}

test("the files through which blocks and drivers are exported are those of their folders", async () => {
  const stale = (await doors()).filter(({ file, text }) => readFileSync(join(ROOT, file), "utf8") !== text);
  expect({ stale: stale.map(({ file }) => file), write: "npm run doors" }).toEqual({
    stale: [],
    write: "npm run doors",
  });
});

test("a field is one line, a block one file, a driver one file: they type-check", () => {
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  expect(() => execFileSync(process.execPath, [compiler, "-p", copy], { cwd: copy, encoding: "utf8" })).not.toThrow();
});

test("they are rendered, read back, filled in, judged and written as TypeScript", () => {
  const { api, hcl, written, lines, filled, sound, wrong, lost } = JSON.parse(run("use.ts")) as {
    api: unknown;
    hcl: string;
    written: string;
    lines: number;
    filled: unknown;
    sound: unknown;
    wrong: unknown;
    lost: number;
  };
  const task = { Name: "t", Driver: "star_ship", Config: { course: "on", crew_size: 4 }, LogConfig: { MaxLines: 5 } };
  expect(api).toEqual({
    Job: { ID: "a", TaskGroups: [{ Name: "g", Garage: { Place: "below" }, Tasks: [task] }] },
  });
  for (const part of ["garage {", 'place = "below"', 'driver = "star_ship"', "crew_size = 4", "max_lines = 5"])
    expect(hcl.replaceAll(/ +/g, " ")).toContain(part);
  for (const part of ["Driver.starship({", "crewSize: 4", 'garage: { place: "below" }', "logs: { maxLines: 5 }"])
    expect(written.replaceAll(/\s+/g, " ").replaceAll(", }", " }")).toContain(part);
  expect({ lines, filled, sound, lost }).toEqual({
    lines: 3,
    filled: { Place: "below", Room: 2 },
    sound: [],
    lost: 1,
  });
  expect(wrong).toEqual([
    { rule: "driver/option", message: expect.stringContaining('did you mean "crew_size"?') },
    { rule: "field/range", message: "0 is out of range; write 1 or more" },
  ]);
});

test("they are in the schema, and each has its page", () => {
  run("scripts/reference/main.ts");
  const schema = JSON.parse(readFileSync(join(copy, "schema/job.json"), "utf8")) as {
    $defs: Record<string, { properties: object }>;
  };
  expect(schema.$defs.LogConfig?.properties).toHaveProperty("MaxLines");
  expect(schema.$defs.TaskGroup?.properties).toHaveProperty("Garage");
  expect(schema.$defs.Garage?.properties).toHaveProperty("Room");
  for (const page of ["garage.md", "starship-config.md"])
    expect(existsSync(join(copy, "docs/reference", page))).toBe(true);
});
