import pLimit from "p-limit";
import type { NomadClient } from "../../nomad";
import type { RecordedInConsul, RecordedJob } from "../../stack-record";
import { AT_ONCE, consulChanges, planJobs, type Clients, type Planned } from "../plan";
import { recordedInConsul } from "../record";
import type { StackObject } from "../stack";
import { ownerOf, recordedJob, type Owners } from "./owners";

/** Something that a stack has, or may have, and that stays. */
export interface KeptThing {
  readonly name: string;
  readonly reason: string;
  /** The stack whose record has it. Absent where it is not known whose it is. */
  readonly owner?: string;
  /** Whether it is not even known whether it is there: whatever names it has to stay, too. */
  readonly isUnseen?: true;
}

/** Why a job that no record names counts as the stack's whose program has it: it is as the program says, or it is stopped. Undefined where it does not. */
export async function whyOwn({ plan, job }: Pick<Planned, "plan" | "job">, nomad: NomadClient) {
  if (plan.change === "none" || plan.change === "place") return "same";
  return (await nomad.where(job).job(job.ID))?.Stop === true ? "stopped" : undefined;
}

/** What of a program is there and counts as its stack's where the stack has no record: what is as the program says. */
export interface OwnWithoutRecord {
  readonly jobs: readonly RecordedJob[];
  readonly consul: readonly RecordedInConsul[];
  /** What is there and is otherwise than the program says: it may be anybody's. */
  readonly kept: readonly KeptThing[];
}

const REASON = "no record says that this stack brought it, and it is not as the program says; --adopt takes it along";

/** Finds what of a program counts as its stack's, where no record of it tells. What another stack's record has is that one's to judge. */
export async function ownWithoutRecord(
  objects: readonly StackObject[],
  { otherStacks, names }: Pick<Owners, "otherStacks" | "names">,
  clients: Clients,
): Promise<OwnWithoutRecord> {
  const limit = pLimit(AT_ONCE);
  const jobs = objects.flatMap((item) => (item.kind === "job" ? [recordedJob(item.job)] : []));
  const ofOthers = jobs.filter((job) => ownerOf(job, otherStacks, names) !== undefined);
  const ids = new Set(ofOthers.map((job) => names.of(job)));
  const planned = await planJobs(
    objects.filter((item) => item.kind === "job" && !ids.has(names.of(recordedJob(item.job)))),
    clients,
  );
  const there = planned.filter(({ plan }) => plan.change !== "create");
  const judged = await Promise.all(
    there.map((item) => limit(async () => ({ item, isOwn: (await whyOwn(item, clients.nomad)) !== undefined }))),
  );
  const inConsul = await Promise.all(
    objects.flatMap((item) => (item.kind === "job" ? [] : [limit(async () => judgeInConsul(item, clients))])),
  );
  return {
    jobs: [...judged.flatMap(({ item, isOwn }) => (isOwn ? [recordedJob(item.job)] : [])), ...ofOthers],
    consul: inConsul.flatMap(({ own }) => own ?? []),
    kept: [
      ...judged.flatMap(({ item, isOwn }) => (isOwn ? [] : [{ name: item.job.ID, reason: REASON }])),
      ...inConsul.flatMap(({ kept }) => kept ?? []),
    ],
  };
}

async function judgeInConsul(
  item: Exclude<StackObject, { kind: "job" }>,
  clients: Clients,
): Promise<{ readonly own?: RecordedInConsul; readonly kept?: KeptThing }> {
  const [own] = recordedInConsul([item]);
  if (own === undefined) return {};
  const changes = await consulChanges([item], clients);
  const isAsSaid = changes.every(({ change }) => change === "none" || change === "create");
  return isAsSaid ? { own } : { kept: { name: `${own.kind} ${own.name}`, reason: REASON } };
}
