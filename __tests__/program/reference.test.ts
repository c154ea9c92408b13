import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { reference } from "../../scripts/reference/main";
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
