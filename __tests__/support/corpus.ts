import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A real job with what Nomad made of it and said of it. */
export interface Entry {
  readonly name: string;
  readonly hcl: string;
  /** Its variables, as a file of values; empty where it needs none. */
  readonly variables?: string;
  readonly job: Record<string, unknown>;
  readonly canonical: Record<string, unknown> | null;
  readonly accepted: boolean;
  readonly dependsOnCluster?: boolean;
  readonly errors: readonly string[];
  readonly warnings: string;
}

const FOLDER = join(__dirname, "../../../shared/jobspec");
const there = existsSync(join(FOLDER, "corpus.json"));

/** A test of the corpus of real jobs; skipped, with a word, where none is beside this clone. */
export const testWithCorpus = there ? test : test.skip;
if (!there) console.log("skipped: the corpus of real jobs is not beside this clone");

/** The real jobs of a drawing; none where there is no corpus. */
export function corpus(file: "corpus.json" | "corpus-2.json" = "corpus.json"): readonly Entry[] {
  return there ? (JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Entry[]) : [];
}

/** JSON in the order of its keys, without what is the same as nothing to Nomad: null, and where asked, empty values. */
export function comparable(value: unknown, withoutEmpty = false): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item, withoutEmpty));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, comparable(item, withoutEmpty)] as const)
      .filter(([, item]) => item !== null && !(withoutEmpty && isEmpty(item)))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return false;
  return value === "" || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}
