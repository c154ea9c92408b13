import pLimit from "p-limit";
import { ImpossibleName, UserError } from "../../errors";
import type { Masking } from "../../masking";
import { ApiError, isRegionUnreached, messageOf, poolOfJob, type NomadClient } from "../../nomad";
import type {
  NamedStackIdentity,
  RecordedInConsul,
  RecordedJob,
  RecordedThings,
  StackIdentity,
} from "../../stack-record";
import { AT_ONCE } from "../plan";
import {
  recordedInConsul,
  desiredRecord,
  type RecordClients,
  type RecordStoreName,
  type DesiredRecord,
} from "../record";
import type { StackContents } from "../stack";
import { isThere, ownerInConsul, sparedKeys, whyNoName, whyNoPrefix, withSplitters } from "./clear-consul";
import { isRegisteredFor } from "./evidence";
import { isSameInConsul } from "./leftovers";
import { descendants, knownBy, ownerOf, placeOf, recordedJob, stackName, type Owners } from "./owners";
import { ownWithoutRecord, type KeptThing } from "./unrecorded";

/** A job that is to go. */
export interface DoomedJob extends RecordedJob {
  /** The pool whose containers it runs. */
  readonly pool?: string;
  /** The job that launched it. */
  readonly parent?: string;
  /** See {@link DoomedInConsul}. */
  readonly onlyRecorded?: true;
}

/** Something in Consul that is to go. */
export interface DoomedInConsul extends RecordedInConsul {
  /** Whether nothing but the record says that it is the stack's: neither the program nor what was submitted to the server. */
  readonly onlyRecorded?: true;
}

/** What is to go with a stack. */
export interface Destruction {
  /** Jobs that the cluster has. What launched others comes before them. */
  readonly jobs: readonly DoomedJob[];
  readonly consul: readonly DoomedInConsul[];
  /** Prefixes of keys that other stacks have, which stay. */
  readonly spared: readonly string[];
  readonly kept: readonly KeptThing[];
  /** All that was looked for: a record that has more by the end is that of another deployment. */
  readonly known: RecordedThings;
  /** Pools whose jobs go. */
  readonly pools: readonly string[];
  /** Whether there is a record of the stack, why not, or why nothing is known of it. */
  readonly record:
    | { readonly kind: "found"; readonly store: RecordStoreName }
    | { readonly kind: "none" }
    | { readonly kind: "unreadable"; readonly reason: string };
  readonly place: DesiredRecord;
  /** Whose jobs there are beside these. */
  readonly owners: Pick<Owners, "otherStacks" | "names">;
}

/** What finding takes. */
export interface DestructionOptions extends RecordClients {
  /** What the run hides. */
  readonly masking: Masking;
  /** Whether also that of its program goes which no record says is the stack's, and is otherwise than the program says. Default: it stays. */
  readonly adopt?: boolean;
  /** Whether to go on where records cannot be read, so that it is not known what is the stack's, or another one's. Default: that is refused. */
  readonly withoutRecords?: boolean;
}

/**
 * Finds what a stack brought to a cluster, by its record, and what came of that: jobs that its jobs launched, and all generations of its pools. Where
 * there is no record, what its program has and is as the program says. What the record of another stack has too, stays.
 *
 * @param project what the project is called in records
 * @param owners what the records of the cluster say
 * @throws UserError where records cannot be read
 */
export async function findDestruction(
  environment: string,
  project: string,
  contents: StackContents,
  owners: Owners,
  clients: DestructionOptions,
): Promise<Destruction> {
  const { nomad, signal } = clients;
  const place = desiredRecord(contents, { project, environment });
  const { own, otherStacks, names } = owners;
  if (clients.withoutRecords !== true) refuseUnread(environment, owners);
  const known =
    own.kind === "found"
      ? { ...knownBy(own.record), kept: [] }
      : clients.adopt === true
        ? { ...place.content, kept: [] }
        : await ownWithoutRecord(contents.objects, owners, clients);
  const kept: KeptThing[] = [...known.kept];
  const limit = pLimit(AT_ONCE);
  const ofProgram = new Set(
    contents.objects.flatMap((item) => (item.kind === "job" ? [names.of(recordedJob(item.job))] : [])),
  );
  const inProgram = withSplitters(recordedInConsul(contents.objects));
  const found = await Promise.all(
    known.jobs.map((job) =>
      limit(async (): Promise<readonly DoomedJob[]> => {
        signal?.throwIfAborted();
        const useless = whyNoName(job.id);
        if (useless !== undefined) {
          kept.push({ name: job.id, reason: useless });
          return [];
        }
        const owner = ownerOf(job, otherStacks, names);
        if (owner) {
          kept.push(keptFor(owner, place, job.id));
          return [];
        }
        return unlessUnusable(
          async () => {
            const there = nomad.where(placeOf(job));
            const isProven = ofProgram.has(names.of(job)) || (await isProvenBy(place, job, there));
            return withDescendants(there, isProven ? job : { ...job, onlyRecorded: true });
          },
          (reason, isUnseen) => {
            kept.push({ name: job.id, reason, ...(isUnseen ? { isUnseen } : {}) });
            return [];
          },
        );
      }),
    ),
  );
  const doomed = distinct(found.flat(), owners);
  const consul: DoomedInConsul[] = [];
  const spared = sparedKeys(otherStacks);
  for (const item of withSplitters(known.consul)) {
    signal?.throwIfAborted();
    const name = `${item.kind} ${item.name}`;
    const unusable = (reason: string) => (kept.push({ name, reason }), false);
    const isProven = inProgram.some((each) => isSameInConsul(each, item));
    const useless = whyNoName(item.name) ?? (isProven ? undefined : whyNoPrefix(item));
    if (useless !== undefined) {
      unusable(useless);
      continue;
    }
    if (!(await unlessUnusable(() => isThere(item, clients.consul, spared), unusable))) continue;
    const owner = ownerInConsul(item, otherStacks);
    if (owner) kept.push(keptFor(owner, place, name));
    else consul.push(isProven ? item : { ...item, onlyRecorded: true });
  }
  const record = own.kind === "found" ? ({ kind: "found", store: own.store } as const) : own;
  const pools = [...new Set(doomed.flatMap(({ pool }) => pool ?? []))].sort();
  return { jobs: doomed, consul, spared, kept, known, pools, record, place, owners };
}

async function isProvenBy(stack: StackIdentity, job: RecordedJob, nomad: NomadClient): Promise<boolean> {
  const held = await nomad.job(job.id);
  return held !== undefined && isRegisteredFor(stack, held, nomad);
}

/** What a record names may be anything: what can be the name of nothing stays, and is told of, and so is what stands where nobody can look. */
async function unlessUnusable<T>(ask: () => Promise<T>, otherwise: (reason: string, isUnseen?: true) => T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isRegionUnreached(error))
      return otherwise(
        `whether it is there is not known, since Nomad has no way to its region: ${messageOf(error)}`,
        true,
      );
    if (error instanceof ApiError && error.status === 400)
      return otherwise(`no request can name it: ${messageOf(error)}`);
    if (!(error instanceof ImpossibleName)) throw error;
    return otherwise(`no request can name it: it ${error.why}`);
  }
}

function keptFor(other: NamedStackIdentity, own: StackIdentity, name: string): KeptThing {
  const owner = stackName(other, own);
  return { name, owner, reason: `${owner} has it too` };
}

/** Each job once, and none that another stack has. */
export function distinct(
  jobs: readonly DoomedJob[],
  { otherStacks, names }: Pick<Owners, "otherStacks" | "names">,
): readonly DoomedJob[] {
  const all = [...new Map(jobs.map((job) => [names.of(job), job] as const)).values()];
  return all.filter((job) => ownerOf(job, otherStacks, names) === undefined);
}

/** A job with what came of it, where the cluster has it. */
export async function withDescendants(nomad: NomadClient, job: DoomedJob): Promise<readonly DoomedJob[]> {
  const held = await nomad.job(job.id);
  if (!held) return [];
  const pool = poolOfJob(held);
  const more = await descendants(nomad, held);
  return [
    { ...job, ...(pool === undefined ? {} : { pool }) },
    ...more.map((id) => ({
      ...job,
      id,
      ...(id.startsWith(`${job.id}/`) ? { parent: job.id } : pool === undefined ? {} : { pool }),
    })),
  ];
}

/** What is not known to be nobody else's is not taken away. */
function refuseUnread(environment: string, { own, unread }: Owners): void {
  const way = "see to it that it can be read, or go on without it with --without-records";
  if (own.kind === "unreadable")
    throw UserError.at(
      environment,
      `has a record here that cannot be read, so it is not known what it brought: ${own.reason}; ${way}`,
      "record",
    );
  if (unread.length > 0)
    throw UserError.at(
      environment,
      `is left as it is: records of other stacks cannot be read, so it is not known what is theirs: ${unread.join("; ")}; ${way}`,
      "record",
    );
}
