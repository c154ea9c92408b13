import type { Masking } from "../../masking";
import { momentOf, type Deployment, type JobJson, type JobVersions, type NomadClient } from "../../nomad";
import { fieldChanges, type FieldChange } from "./field-changes";
import { groupsOf, textWithoutCounts } from "./scaled-counts";

/** Says that a job was taken back to a version that it had before: what its newest version is. */
export interface Revert {
  /** The version that was taken back. */
  readonly from: number;
  /** The version that it went back to, and is the same as. */
  readonly to: number;
  /** The version that going back began. */
  readonly version: number;
  /**
   * `nomad`: its deployment failed, and auto_revert took it back; `somebody`: `cdk-nomad rollback` or `nomad job revert` did, or a deployment that
   * brought the same again, which all leave the same.
   */
  readonly by: "nomad" | "somebody";
  /** When: ISO 8601. Absent where the server knows of no deployment of it any more. */
  readonly at?: string;
}

/**
 * Whether a job runs a version that it was taken back to: one that is the same as an older one, with another between them. Nothing has to be recorded for
 * that, and whoever took it back is found out by the same. What auto_revert copies keeps the time at which it was submitted, and is known by that.
 *
 * @param versions those that the server keeps
 * @param deployments of the job, as far as the server knows them still
 * @returns undefined where it was not, where the version that was taken back is forgotten, where it was only scaled there and back, and where somebody
 * stopped it since
 */
export function revertOf(
  versions: readonly JobJson[],
  deployments: readonly Pick<Deployment, "JobVersion" | "StatusDescription" | "CreateTime">[],
): Revert | undefined {
  const falling = [...versions].sort((a, b) => numberOf(b) - numberOf(a));
  if (falling[0]?.Stop === true) return undefined;
  for (const [index, held] of falling.entries()) {
    const left = falling[index + 1];
    if (left === undefined) return undefined;
    const isScaling = textOf(held, groupNames(held)) === textOf(left, groupNames(left));
    const older = falling.slice(index + 2);
    const copied = isCopy(held, left) ? undefined : older.find((each) => isCopy(held, each));
    const target = copied ?? (isScaling ? undefined : older.find((each) => textOf(held, []) === textOf(each, [])));
    if (target) return described({ version: numberOf(held), from: numberOf(left), to: numberOf(target) }, deployments);
    // Scaling it since does not make it what was taken back.
    if (!isScaling) return undefined;
  }
  return undefined;
}

function described(
  numbers: Pick<Revert, "version" | "from" | "to">,
  deployments: Parameters<typeof revertOf>[1],
): Revert {
  const ofVersion = (number: number) => deployments.find(({ JobVersion }) => JobVersion === number);
  const at = momentOf(ofVersion(numbers.version)?.CreateTime || undefined);
  const byNomad = /rolling back to job version/.test(ofVersion(numbers.from)?.StatusDescription ?? "");
  return { ...numbers, by: byNomad ? "nomad" : "somebody", ...(at === undefined ? {} : { at }) };
}

function textOf(job: JobJson, withoutCountsOf: readonly string[]): string {
  return textWithoutCounts(job, withoutCountsOf);
}

function groupNames(job: JobJson): readonly string[] {
  return groupsOf(job).map(({ Name }) => Name ?? "");
}

function isCopy(one: JobJson, other: JobJson): boolean {
  return Boolean(one.SubmitTime) && one.SubmitTime === other.SubmitTime;
}

function numberOf({ Version: version }: JobJson): number {
  return Number(version ?? 0);
}

/** A job that was taken back, held against its program. */
export interface RevertedJob extends Revert {
  /** Whether the program still says something that was taken back: then a registration brings it again. */
  readonly again: boolean;
}

/**
 * Asks whether a job was taken back to a version before that is not what its program says. Where somebody did, only if the program would bring again
 * something that was taken back: else it is what the program said before.
 *
 * @param fields what a registration would change
 * @param found the versions of the job with what each changed. Default: they are asked for
 */
export async function findRevert(
  { job, fields }: { readonly job: JobJson; readonly fields: readonly FieldChange[] },
  nomad: NomadClient,
  masking: Masking,
  found?: JobVersions,
): Promise<RevertedJob | undefined> {
  const server = nomad.where(job);
  const { Versions: versions, Diffs: diffs } = found ?? (await server.versions(job.ID));
  masking.learn(versions);
  // There is nothing to go back to, and nothing that was taken back.
  if (versions.length < 3) return undefined;
  const revert = revertOf(versions, await server.deployments(job.ID));
  if (!revert) return undefined;
  const index = versions.findIndex((version) => numberOf(version) === revert.version);
  const diff = diffs?.[index];
  const taken = new Map(diff ? fieldChanges(diff, masking).map(({ place, before }) => [place, before] as const) : []);
  const again = fields.some(({ place, after }) => taken.has(place) && taken.get(place) === after);
  return again || revert.by === "nomad" ? { ...revert, again } : undefined;
}

/** Who took a job back from which version to which, and when: "taken back from version 2 to 1 by a rollback (…) at …". */
export function revertInWords({ from, to, by, at }: Revert): string {
  const who =
    by === "nomad"
      ? `by Nomad's auto_revert, since the deployment of version ${from} failed`
      : "by cdk-nomad rollback, by nomad job revert, by a deployment of the same again, or by auto_revert where Nomad has forgotten its deployment";
  return `taken back from version ${from} to ${to} ${who}${at === undefined ? "" : `, ${at}`}`;
}
