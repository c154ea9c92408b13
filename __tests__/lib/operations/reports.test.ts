import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { readDrift, readPreview, type Drift, type Preview } from "../../../lib/operations";
import { draws } from "../../support/draws";

let file: string;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-reports-"));
  file = join(folder, "report.json");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const group = { name: "web", create: 1, inPlace: 0, replace: 0, canaries: 0, migrate: 0, stop: 0, preempt: 0 };
const job = {
  job: "web",
  path: "dev/web",
  modifyIndex: 42,
  groups: [{ ...group, unchanged: 0, blocked: "memory" }],
  fields: [{ place: "count", before: undefined, after: "2", effect: "forces create" }],
};
const consul = [{ path: "dev/kv", kind: "key", name: "a/b", change: "create" as const, modifyIndex: 0, fields: [] }];
const preview: Preview = {
  environment: "dev",
  jobs: [{ ...job, change: "update", warnings: ["mbits is deprecated"], nextLaunch: "2026-01-01T00:00:00Z" }],
  consul,
  terraform: [{ address: "null_resource.a", change: "create" }],
  terraformOnly: [{ path: "dev/a", type: "null_resource" }],
};
const drift: Drift = {
  environment: "dev",
  jobs: [{ ...job, drift: "scaled", version: 3, submitted: "2026-01-01T00:00:00Z", lastChange: [] }],
  consul,
  unchanged: 1,
};

describe.each([
  ["a preview", readPreview, preview],
  ["a drift", readDrift, drift],
] as const)("%s", (_name, read, report) => {
  test("comes back as it was printed", async () => {
    writeFileSync(file, JSON.stringify(report));
    expect(await read(file)).toEqual(report);
  });

  test("of which any part is of another kind is refused, or read, and never more", async () => {
    const kinds = fc.constantFrom<unknown>(null, 7, -1, 1.5, "x", "x".repeat(2_000_000), [], {}, [null], ["x"], true);
    const ways = waysIn(report);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ways), kinds, async (way, value) => {
        const changed = structuredClone(report) as unknown as Record<string, unknown>;
        let at = changed;
        for (const step of way.slice(0, -1)) at = at[step] as Record<string, unknown>;
        at[way.at(-1) ?? ""] = value;
        writeFileSync(file, JSON.stringify(changed));
        expect(await outcome(async () => read(file))).toMatch(
          /^(read|\S*report\.json: is not what cdk-nomad (preview|drift) ENV \S+( json)? prints(, at .{0,100})?)$/,
        );
      }),
      { numRuns: draws(60) },
    );
  });

  test.each<[string, unknown]>([
    ["a list", []],
    ["nothing", null],
    ["a name that is Markdown", { ...report, environment: "@everyone [x](http://x)" }],
    ["more jobs than there are", { ...report, jobs: Array.from({ length: 10_001 }, () => report.jobs[0]) }],
  ])("that is %s is refused", async (_what, value) => {
    writeFileSync(file, JSON.stringify(value));
    await expect(read(file)).rejects.toThrow(/is not what cdk-nomad/);
  });

  test("that is larger than one is refused before it is read", async () => {
    writeFileSync(file, "");
    truncateSync(file, 20 * 1024 * 1024);
    await expect(read(file)).rejects.toThrow(/is larger than 16 MiB/);
  });
});

/** The way to each part of a value. */
function waysIn(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [way];
  const inner = Object.entries(value).flatMap(([key, item]) => waysIn(item, [...way, key]));
  return way.length === 0 ? inner : [way, ...inner];
}

/** What reading came to: the message of a refusal, or whether only texts and counts were read. */
async function outcome(read: () => Promise<unknown>): Promise<string> {
  try {
    return kindsOf(await read()).includes("unknown") ? "read what is neither a text nor a count" : "read";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Kinds of the leaves: what a report holds are texts and counts. */
function kindsOf(value: unknown): string[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(kindsOf);
  if (typeof value === "number") return [Number.isSafeInteger(value) && value >= 0 ? "count" : "unknown"];
  return [typeof value === "string" || value === undefined ? "text" : "unknown"];
}
