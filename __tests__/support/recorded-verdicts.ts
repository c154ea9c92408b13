import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Problem, UserError } from "../../lib/errors";
import { Job, type Target } from "../../lib/jobspec";
import { since } from "../../scripts/versions/fields.json";
import { NOMAD, parseWithNomad } from "./nomad-program";

/** A job with what a Nomad server said of it. */
export interface RecordedVerdict {
  /** The file that it stands in, which is also what it is counted under. */
  readonly source: string;
  readonly name: string;
  /** What was changed, for the counts of kinds; empty where nothing was. */
  readonly kind: string;
  /** The version of the server. */
  readonly nomadVersion: string;
  readonly job: () => unknown;
  readonly accepted: boolean;
  readonly errors: readonly string[];
  readonly warnings: string;
}

/** How the library judges a job. */
export interface Judgement {
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** A case on which the library and the server differ. */
export interface Difference {
  readonly of: "false alarm" | "missed refusal" | "missing warning";
  readonly recorded: RecordedVerdict;
  readonly judgement: Judgement;
}

interface Verdict {
  readonly name: string;
  readonly accepted: boolean;
  readonly dependsOnCluster?: boolean;
  readonly errors: readonly string[];
  readonly warnings?: string;
}

interface Entry extends Verdict {
  readonly job: unknown;
}

interface Change extends Omit<Verdict, "name"> {
  readonly base: string;
  readonly block: string;
  readonly field: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly kind?: string;
}

/** Which of the verdicts of Nomad 2.0 are read: those that rules are mended by, or the half that is kept for the final measurement. */
export type HalfOf20 = "open" | "kept";

const FOLDER = join(__dirname, "../../../shared/jobspec");

/** Whether the recorded verdicts stand beside this clone. */
export const hasRecordedVerdicts = existsSync(join(FOLDER, "mutations-2.json"));

/** Every recorded verdict that is about the job and not about the cluster. */
export function recordedVerdicts(half: HalfOf20 = "open"): readonly RecordedVerdict[] {
  if (!hasRecordedVerdicts) return [];
  const first = entries("corpus.json");
  const second = entries("corpus-2.json");
  const bases = new Map([...first, ...second].map(({ name, job }) => [name, job]));
  const of20 = new Map(read<Verdict>("verdicts-2.0.json").map((verdict) => [verdict.name, verdict]));
  const inHalf = ({ name, kind, job }: RecordedVerdict) => {
    const digest = createHash("sha256")
      .update(JSON.stringify([name, kind, job()]))
      .digest();
    return (digest[0] as number) % 2 === (half === "kept" ? 1 : 0);
  };
  const for20 = [
    ...second.flatMap(({ name, job }) => {
      const verdict = of20.get(name);
      return verdict ? [asJob("verdicts-2.0.json", "2.0", { ...verdict, job })] : [];
    }),
    ...read<Change>("mutations-2.0.json").map((change) => asChange("mutations-2.0.json", "2.0", change, bases)),
  ].filter(inHalf);
  const all =
    half === "kept"
      ? for20
      : [
          ...first.map((entry) => asJob("corpus.json", "1.11", entry)),
          ...second.map((entry) => asJob("corpus-2.json", "1.11", entry)),
          ...entries("stored.json").map((entry) => asJob("stored.json", "1.11", entry)),
          ...read<Change>("mutations.json").map((change) => asChange("mutations.json", "1.11", change, bases)),
          ...read<Change>("mutations-2.json").map((change) => asChange("mutations-2.json", "1.11", change, bases)),
          ...for20,
        ];
  return all.filter((recorded) => !isOfCluster(recorded) && !isOfLaterApi(recorded));
}

/**
 * Whether a server of 1.11 read a field of 2.0. The one that was recorded was linked with the API of 2.0, and refused what is of another kind than such a
 * field; 1.11.3 with its own API, as it is released, ignores it.
 */
function isOfLaterApi({ nomadVersion, errors }: RecordedVerdict): boolean {
  const [, field] =
    /cannot unmarshal \w+ into Go struct field \w+\.Job\.(?:\w+\.)*(\w+) of type/.exec(errors.join()) ?? [];
  return (
    nomadVersion === "1.11" &&
    Object.entries(since).some(([name, first]) => first === "2.0" && name.endsWith(`.${field}`))
  );
}

/**
 * Small jobs at the borders of rules. They stand as HCL, so Nomad's parser is asked about each, which takes a while; none without it. What the
 * parser of the Nomad at hand does not know, since it came with a later one, is left out.
 */
export function minimalCases(): readonly RecordedVerdict[] {
  if (!hasRecordedVerdicts || NOMAD === undefined) return [];
  const cases = read<Verdict & { readonly hcl: string; readonly target: string }>("minimal.json");
  return cases
    .filter(({ errors }) => !errors.some((error) => error.startsWith("parse:")))
    .flatMap(({ hcl, target, ...verdict }) => {
      const job = parsedOrTooNew(hcl, target);
      return job ? [asJob("minimal.json", target, { ...verdict, job })] : [];
    })
    .filter((recorded) => !isOfCluster(recorded));
}

function parsedOrTooNew(hcl: string, target: string): Record<string, unknown> | undefined {
  try {
    return parseWithNomad(hcl);
  } catch (error) {
    if (target === "2.0" && /"\w+" (?:is|are) not expected here/.test(String(error))) return undefined;
    throw error;
  }
}

function asJob(source: string, nomadVersion: string, entry: Entry): RecordedVerdict {
  const { name, accepted, errors, warnings = "", job } = entry;
  return { source, nomadVersion, name, kind: "", job: () => job, accepted, errors, warnings };
}

function asChange(
  source: string,
  nomadVersion: string,
  change: Change,
  bases: ReadonlyMap<string, unknown>,
): RecordedVerdict {
  const { base, block, field, kind = "set", accepted, errors, warnings = "" } = change;
  const name = `${base}: ${block}.${field}`;
  return {
    source,
    nomadVersion,
    name,
    kind,
    job: () => changed(bases.get(base), change),
    accepted,
    errors,
    warnings,
  };
}

/** The job with the change in it; what is not on the way to it is shared. */
function changed(job: unknown, { path, value }: Change): unknown {
  return put(job, path, value);
}

function put(place: unknown, [step, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (step === undefined) return value;
  const copy = Array.isArray(place) ? [...(place as unknown[])] : { ...(place as object) };
  const steps = copy as Record<string | number, unknown>;
  steps[step] = put(steps[step], rest, value);
  return copy;
}

const OF_CLUSTER = /nonexistent (?:namespace|node pool)|Vault "[^"]*" not enabled/;

function isOfCluster({ errors }: RecordedVerdict): boolean {
  const reasons = errors
    .flatMap((error) => error.split("\n"))
    .map((line) => line.replace(/^[\s*]+/, ""))
    .filter((line) => line !== "" && !/^\d+ errors? occurred/.test(line));
  return reasons.length > 0 && reasons.every((reason) => OF_CLUSTER.test(reason));
}

function entries(file: string): readonly Entry[] {
  return read<Entry>(file).filter(({ dependsOnCluster }) => dependsOnCluster !== true);
}

function read<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as T[];
}

/** What the library says of a job that comes as JSON. */
export function judge(json: unknown, target: Target): Judgement {
  try {
    const { job, problems } = Job.read(json);
    const found = [...problems, ...(job?.validate(target) ?? [])];
    return {
      errors: found.filter(({ severity }) => severity === "error"),
      warnings: found.filter(({ severity }) => severity === "warning"),
    };
  } catch (error) {
    if (error instanceof UserError) return { errors: error.problems, warnings: [] };
    throw error;
  }
}

/** How the library differs from the server on a case; nothing where both say the same. */
export function differenceOn(recorded: RecordedVerdict): Difference | undefined {
  const { nomadVersion, accepted, warnings } = recorded;
  const judgement = judge(recorded.job(), { nomadVersion });
  if (accepted && judgement.errors.length > 0) return { of: "false alarm", recorded, judgement };
  if (!accepted && judgement.errors.length === 0) return { of: "missed refusal", recorded, judgement };
  if (accepted && warnings !== "" && judgement.warnings.length === 0)
    return { of: "missing warning", recorded, judgement };
  return undefined;
}
