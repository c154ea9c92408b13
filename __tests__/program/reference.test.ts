import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { Cpu, Duration, LogConfig, Memory, Restart } from "../../lib/jobspec";
import { definitionOf, type Field } from "../../lib/jobspec/host";
import { valueCatalog } from "../../scripts/reference/catalog";
import { reference } from "../../scripts/reference/main";
import { ownProgram } from "../../scripts/reference/own-types";
import { corpus, testWithCorpus } from "../support/corpus";

const ROOT = join(__dirname, "../..");
const schema = JSON.parse(readFileSync(join(ROOT, "schema/job.json"), "utf8")) as object;
const judge = new Ajv({ strict: false, allErrors: true }).compile(schema);

describe("the JSON Schema", () => {
  testWithCorpus("takes every real job, as it was parsed and as a server holds it", () => {
    const all = corpus().flatMap(({ name, job, canonical }) => [
      { name, job },
      ...(canonical ? [{ name, job: { Job: canonical } }] : []),
    ]);
    expect(all.filter(({ job }) => !judge(job)).map(({ name }) => name)).toEqual([]);
  });

  test.each<[string, object]>([
    ["a field that nobody knows", { ID: "a", Tomorrow: 1 }],
    ["a wrong kind", { ID: "a", TaskGroups: [{ Name: "g", Count: "two" }] }],
    ["a figure out of range", { ID: "a", TaskGroups: [{ Name: "g", Count: -1 }] }],
  ])("refuses %s", (_name, job) => {
    expect(judge(job)).toBe(false);
    expect(judge({ Job: job })).toBe(false);
  });
});

describe("the reference", () => {
  let made: Awaited<ReturnType<typeof reference>>;
  beforeAll(async () => (made = await reference()));

  test("says something of every property of every block", () => {
    expect(made.silent).toEqual([]);
  });

  test("has a place for everything that the package exports", () => {
    const named = new Set(
      [...made.entries, ...valueCatalog()]
        .flatMap(({ name }) => [name, `${name}Props`, `${name.replace(/Config$/, "")}Props`])
        .concat(
          made.library.flatMap(({ entries }) => entries.flatMap(({ name, propsName = name }) => [name, propsName])),
        ),
    );
    const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      exports: Record<string, string | { types: string }>;
    };
    const doors = Object.values(exports).flatMap((door) =>
      typeof door === "string" ? [] : [door.types.replace(/^.*?dist\/(.*)\.d\.ts$/, "$1.ts")],
    );
    expect(doors.length).toBeGreaterThan(3);
    const program = ownProgram(doors.map((door) => join(ROOT, door)));
    const checker = program.getTypeChecker();
    const missing = doors.flatMap((door) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, door))!)!;
      return checker.getExportsOfModule(module).flatMap(({ name }) => (named.has(name) ? [] : [`${name} of ${door}`]));
    });
    // Its members stand there one by one.
    expect(missing).toEqual(["sandbox of lib/pools/index.ts"]);
    expect(named).toContain("sandbox.ExecuteRequest");
  });

  test("says what a class, a function and a type of the library are made of", () => {
    const entries = new Map(made.library.flatMap((each) => each.entries.map((entry) => [entry.name, entry] as const)));
    const job = entries.get("NomadJob");
    expect(job?.code).toBe("new NomadJob(scope: Construct, id: string, props: NomadJobProps)");
    expect(job?.props.find(({ name }) => name === "preserveCounts?")).toMatchObject({
      type: "boolean",
      byDefault: "- true for a job with a scaling policy, where the provider takes it",
    });
    expect(job?.alsoTakes).toEqual(['Omit<JobConfig, "jobspec" | "json" | "id">']);
    expect(job?.methods.map(({ signature }) => signature)).toContain(".amend(change: (job: Job) => Job): this");
    expect(job?.methods.find(({ signature }) => signature.startsWith(".amend"))?.notes).toEqual([
      "`change`: gives back the job that it shall be.",
      "Throws UserError where it gives back no job.",
    ]);
    expect(job?.members.map(({ name }) => name)).toEqual(["job"]);
    expect(entries.get("AdminGroup")?.base).toBe("TaskGroup");
    expect(entries.get("NomadNodePool")?.props.map(({ name }) => name)).toContain("scheduler?.algorithm?");
    expect(entries.get("problemsOf")?.methods[0]?.signature).toBe("problemsOf(app: App): ProgramProblem[]");
  });

  test("states no default of a property but the one that its definition has", () => {
    const wrong = made.entries.flatMap(({ name, definition, properties }) =>
      definition.list.flatMap(({ name: property, field }) => {
        const place = `${name}.${property}`;
        const why = wrongDefault(place, properties.get(property)?.byDefault, field);
        return why === undefined ? [] : [`${place}: ${why}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test.each<[string, string | undefined, string]>([
    ["another figure", "11", "says 11, and is 10"],
    ["another type", '"10"', 'says "10", and is 10'],
    ["words for a figure", "- some", "says it in words, and is 10"],
    ["nothing", undefined, "says it in words, and is 10"],
    ["what is no value", "10 or so", "10 or so is no value"],
  ])("would be refused with %s", (_name, said, why) => {
    const field = definitionOf(LogConfig).byName.get("maxFiles")?.field as Field;
    expect(wrongDefault("LogConfig.maxFiles", said, field)).toBe(why);
    expect(wrongDefault("LogConfig.maxFiles", "10", field)).toBeUndefined();
  });

  test("would be refused where a default by the job's type is another, or left out", () => {
    const byType = definitionOf(Restart).byName.get("attempts")?.field as Field;
    expect(wrongDefault("Restart.attempts", "2 for service and system jobs, 3 for batch jobs", byType)).toBe(
      "says nothing of sysbatch jobs, and is 3",
    );
    expect(
      wrongDefault("Restart.attempts", "2 for service and system jobs, 4 for batch and sysbatch jobs", byType),
    ).toBe("says 4 for batch, and is 3");
  });

  test("is what the definitions say today", () => {
    const stale = made.files.filter(
      ({ file, text }) => !existsSync(join(ROOT, file)) || readFileSync(join(ROOT, file), "utf8") !== text,
    );
    expect({ stale: stale.map(({ file }) => file), write: "npm run reference" }).toEqual({
      stale: [],
      write: "npm run reference",
    });
    expect(readdirSync(join(ROOT, "docs/reference"))).toHaveLength(made.files.length - 1);
  });
});

/** A server takes the region of its own, which is called global where nobody named it. */
const IN_WORDS: ReadonlySet<string> = new Set(["Job.region"]);

/** What is wrong with the default that a doc comment states: an expression is the definition's, and `- words` tell what there is no value for. */
function wrongDefault(place: string, said: string | undefined, field: Field): string | undefined {
  const { default: usual, defaultByType, required } = field.options;
  if (defaultByType) return wrongByType(said ?? "", defaultByType, field);
  if (said === undefined || said.startsWith("- ")) {
    const isPlain = usual === undefined || isEmpty(usual) || required === true || IN_WORDS.has(place);
    return isPlain ? undefined : `says it in words, and is ${JSON.stringify(usual)}`;
  }
  return wrongValue(said, usual, field);
}

/** `2 for service and system jobs, 3 for batch jobs`; of a type for which nothing is filled in, nothing need be said. */
function wrongByType(said: string, defaults: Readonly<Record<string, unknown>>, field: Field): string | undefined {
  const parts = [...said.matchAll(/([^,]+?) for ([a-z, ]+?) jobs/g)];
  const stated = new Map(
    parts.flatMap(([, value = "", types = ""]) => types.split(" and ").map((type) => [type, value])),
  );
  for (const [type, usual] of Object.entries(defaults)) {
    const value = stated.get(type);
    if (value === undefined) {
      if (!isEmpty(usual)) return `says nothing of ${type} jobs, and is ${JSON.stringify(usual)}`;
    } else if (wrongValue(value.trim(), usual, field) !== undefined)
      return `says ${value.trim()} for ${type}, and is ${JSON.stringify(usual)}`;
  }
  return undefined;
}

/** Whether an expression is the value that stands in API JSON; the empty value of its kind where none does. */
function wrongValue(said: string, usual: unknown, field: Field): string | undefined {
  let value: unknown;
  try {
    value = new Function("Cpu", "Duration", "Memory", `"use strict"; return (${said});`)(Cpu, Duration, Memory);
  } catch {
    return `${said} is no value`;
  }
  const out: Record<string, unknown> = {};
  try {
    field.encode(value, out);
  } catch {
    return `says ${said}, and is ${JSON.stringify(usual)}`;
  }
  const stated = out[field.api[0] as string];
  const isSame = usual === undefined ? isEmpty(stated) : JSON.stringify(stated) === JSON.stringify(usual);
  return isSame ? undefined : `says ${said}, and is ${JSON.stringify(usual)}`;
}

function isEmpty(value: unknown): boolean {
  return value === "" || value === 0 || value === false;
}
