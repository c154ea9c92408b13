import type { RecordContent, RecordedInConsul, StackRecord } from "../../stack-record";
import { recordedInConsul } from "../record";
import type { StackContents } from "../stack";
import { withSplitters } from "./clear-consul";
import { isSameInConsul } from "./leftovers";
import { knownBy, recordedJob, type JobNames } from "./owners";
import type { Stray } from "./strays";

/**
 * What a program has no longer, each with why nobody takes it away unasked; without a reason where a deployment does. Of what is in Consul each has one, as
 * long as `--prune` is not said.
 */
export interface JudgedRemains {
  readonly strays: readonly (Stray & { readonly reason?: string })[];
  readonly leftovers: readonly (RecordedInConsul & { readonly reason?: string })[];
}

/** What a program has no longer, and is there still. */
export interface Remaining {
  readonly strays: readonly Stray[];
  /** Jobs that nobody stops, whatever is said. */
  readonly kept: readonly Stray[];
  readonly leftovers: readonly RecordedInConsul[];
}

/** What judging takes. */
export interface JudgingOptions {
  /** The record of the deployment before. */
  readonly before: StackRecord;
  /** What the program came out with now. */
  readonly now: Pick<RecordContent, "variables" | "environmentVariables">;
  /**
   * What the program of today has with the variables and environment variables of the deployment before. Absent where that is not known, such as where it cannot be
   * synthesized with them.
   */
  readonly asBefore?: Pick<StackContents, "objects">;
  /** What tells the jobs of the cluster apart. */
  readonly names: JobNames;
}

/**
 * Judges what a program has no longer. What may only be missing, since the program was run with something else than the last time, stays; and all of it where
 * more than half would go. Where the program does not have it with the variables and environment variables of the last time either, they are not what took it away. Jobs stay of which
 * nothing but the record says that they are the stack's; in Consul that is so of everything, and what is removed there comes back by nothing, so there all
 * stays: the reason is the most telling one.
 */
export function judgeRemains(
  { strays, kept, leftovers }: Remaining,
  { before, now, asBefore, names }: JudgingOptions,
): JudgedRemains {
  const changed = changedValues(before, now);
  const jobs = asBefore?.objects.flatMap((item) => (item.kind === "job" ? [names.of(recordedJob(item.job))] : []));
  const inConsul = asBefore && withSplitters(recordedInConsul(asBefore.objects));
  const known = knownBy(before);
  const most = moreThanHalf(
    strays.length,
    known.jobs.filter(({ stopped }) => stopped !== true).length,
    "jobs of the stack",
  );
  const mostInConsul = moreThanHalf(
    leftovers.length,
    withSplitters(known.consul).length,
    "things of the stack in Consul",
  );
  const because = (isThereAsBefore: boolean | undefined) => {
    if (changed === undefined || isThereAsBefore === false) return undefined;
    return isThereAsBefore === undefined
      ? `the program came out with other environment variables than the last time (${changed})`
      : `the program has it with what it was run with the last time (${changed})`;
  };
  const judged = <T extends object>(item: T, reason: string | undefined): T & { readonly reason?: string } =>
    reason === undefined ? item : { ...item, reason };
  const judgedStrays = strays.map((stray) =>
    judged(stray, because(jobs?.includes(names.of(stray))) ?? most ?? (stray.onlyRecorded ? ONLY_RECORDED : undefined)),
  );
  const needed = neededBy([...judgedStrays.filter(({ reason }) => reason !== undefined), ...kept]);
  return {
    strays: judgedStrays,
    leftovers: leftovers.map((item) =>
      judged(
        item,
        because(inConsul?.some((each) => isSameInConsul(each, item))) ?? most ?? mostInConsul ?? needed ?? UNPROVEN,
      ),
    ),
  };
}

const ONLY_RECORDED = "nothing but the record says that this stack brought it";

/** Consul keeps of nothing who wrote it, and no version before. */
const UNPROVEN = "nothing but the record says that this stack made it, and what others wrote there would go with it";

/** Why what is in Consul stays as long as jobs run on; undefined where none does. */
export function neededBy([first]: readonly Stray[]): string | undefined {
  return first && `${first.id} runs on, and may need it`;
}

function moreThanHalf(going: number, all: number, what: string): string | undefined {
  return going * 2 > all ? `${going} of the ${all} ${what} would go` : undefined;
}

/** What a program is run with otherwise than at a deployment before, in words; undefined where it is run with the same. */
export function changedValues(
  before: Pick<RecordContent, "variables" | "environmentVariables">,
  now: Pick<RecordContent, "variables" | "environmentVariables">,
): string | undefined {
  const changed = [
    ...differing(before.environmentVariables, now.environmentVariables),
    ...differing(before.variables, now.variables).map((name) => `the variable ${name}`),
  ];
  return changed.length === 0 ? undefined : changed.slice(0, 5).join(", ");
}

function differing(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): readonly string[] {
  const of = (values: Readonly<Record<string, unknown>>, name: string) =>
    JSON.stringify(Object.hasOwn(values, name) ? values[name] : null);
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.filter((name) => of(before, name) !== of(now, name));
}
