import type { JobBlock } from "../blocks/host";
import { isWithin, pathKey, UserError } from "../../errors";
import { Place, unknownPlaces, withoutUnknowns, type JobProblem, type Unknown } from "../engine";
import { Cpu, Duration, Memory } from "../units";

/** Rules that report to a place what is wrong with a job. */
type Judge = (job: JobBlock, at: Place) => void;

interface Rules {
  readonly judge: Judge;
  readonly nomadVersion: string;
}

/** What the rules found. */
interface Judged {
  readonly problems: readonly JobProblem[];
  /** The name of each problem that is there for want of it, which an unknown text may turn out to be. */
  readonly missing: ReadonlyMap<JobProblem, string>;
}

/**
 * What is wrong with a job whatever comes of the values that only Terraform knows. Rules are written as if every value were known. Where a job
 * holds values that are not, its problems are those that stand-ins of the job have too, with one value after the other in their places,
 * and of an unknown value itself nothing is said. A job without problems, or without unknown values, is judged once.
 */
export function whateverComes(job: JobBlock, judge: Judge, nomadVersion: string): readonly JobProblem[] {
  const rules: Rules = { judge, nomadVersion };
  const first = attempt(job, rules);
  if (first.judged?.problems.length === 0) return [];
  const unknown = unknownPlaces(job);
  if (unknown.length === 0) {
    if (first.judged) return first.judged.problems;
    throw first.error;
  }
  const isOfUnknown = ({ path }: JobProblem) => unknown.some((place) => isWithin(path, place));
  const { problems, missing } = first.judged ?? ofStandIn(standIn(job, 0, []), rules);
  const names = [...new Set(missing.values())].slice(0, MOST_NAMES);
  const isTried = (name: string | undefined) => name === undefined || names.includes(name);
  let left = problems.filter((each) => !isOfUnknown(each) && isTried(missing.get(each)));
  for (let round = 0; round < ROUNDS + names.length && left.length > 0; round += 1) {
    const here = new Set(ofStandIn(standIn(job, round, names), rules).problems.map(keyOf));
    left = left.filter((each) => here.has(keyOf(each)));
  }
  return left;
}

/** What the rules find. Where a text is a token in its object shape, they may fail: then the stand-ins tell. */
function attempt(
  job: JobBlock,
  { judge, nomadVersion }: Rules,
): { readonly judged?: Judged; readonly error?: unknown } {
  try {
    const problems: JobProblem[] = [];
    const missing = new Map<JobProblem, string>();
    judge(job, Place.root(problems, { nomadVersion, missing }));
    return { judged: { problems, missing } };
  } catch (error) {
    return { error };
  }
}

/** What the rules find in a stand-in; nothing where it cannot say what it is, as the id of a pool's job, which is reported by its block. */
function ofStandIn(job: JobBlock, rules: Rules): Judged {
  const { judged, error } = attempt(job, rules);
  if (judged) return judged;
  if (error instanceof UserError) return { problems: [], missing: new Map() };
  throw error;
}

/**
 * A problem as a key: the same for all jobs that differ in unknown values only, whatever names those give to the elements on its path. A problem
 * whose words tell of an unknown value is another one for every value.
 */
function keyOf({ rule, path, message, severity, stopsSynthesis }: JobProblem): string {
  return JSON.stringify([pathKey(path), rule, severity, stopsSynthesis, message]);
}

/** As many stand-ins are judged, and one more for every missing name. */
const ROUNDS = 24;
/** In as many rounds every value is the one of the same number. */
const SAME = 12;
/** Of problems for want of a further name nothing is said. */
const MOST_NAMES = 24;

/** The job with values in the places of those that are unknown: others in every round. */
function standIn(job: JobBlock, round: number, names: readonly string[]): JobBlock {
  let place = 0;
  return withoutUnknowns(job, (unknown) => {
    place += 1;
    const name = names[round - ROUNDS];
    if (name !== undefined && isText(unknown)) return name;
    const values = possible(unknown, names);
    // Spread by a multiplication, so that neighbours differ in other ways in every round.
    const at = round < SAME ? round : Math.abs(Math.imul(round * 31 + place, 0x9e3779b1) >> 8);
    return values[at % values.length];
  });
}

function isText({ field, whole }: Unknown): boolean {
  return field.kind === "string" ? field.values === undefined : !whole && TEXT_ELEMENTS.has(field.kind);
}

const TEXT_ELEMENTS: ReadonlySet<string> = new Set(["strings", "string-map", "strings-map"]);
const TEXTS = ["${unknown}", "", "a", "1", "8080", "/a", "a/b", "10.0.0.1/32", "0644", "../a"];
const COUNTS = [0, 1, -1, 2, 10, 100, 8080, 65535, 2 ** 31 - 1, 2 ** 52];

/** What may stand in the place of an unknown value. */
function possible(unknown: Unknown, names: readonly string[]): readonly unknown[] {
  const { field, whole } = unknown;
  // What is left out is unlike every value that is written.
  const none = whole && !field.required ? [undefined] : [];
  if (!whole) return field.kind === "numbers" ? COUNTS : [...TEXTS, ...names];
  switch (field.kind) {
    case "string":
      return [...(field.values ?? TEXTS), ...none];
    case "bool":
      return [true, false, ...none];
    case "int":
      return [...COUNTS, ...none];
    case "duration":
      return [...COUNTS.map((count) => Duration.nanoseconds(count)), Duration.days(1), ...none];
    case "mebibytes":
      return [...COUNTS.map((count) => Memory.mebibytes(count)), ...none];
    case "strings":
      return [[], ...TEXTS.map((text) => [text]), names, ...none];
    case "numbers":
      return [[], ...COUNTS.map((count) => [count]), ...none];
    case "special":
      return field.api.includes("CPU")
        ? COUNTS.flatMap((count) => [Cpu.mhz(count), Cpu.cores(count)])
        : [unknown.value];
    default:
      // Maps, and what was refused already.
      return [{}, ...none];
  }
}
