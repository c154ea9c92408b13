import pLimit from "p-limit";
import { poolOfJob, type NomadClient } from "../../nomad";
import type { RecordedInConsul, RecordedJob } from "../../stack-record";
import { AT_ONCE } from "../plan";
import { wantedRecord, type RecordClients, type WantedRecord } from "../record";
import type { StackContents } from "../stack";
import { isThere, ownerInConsul } from "./clear-consul";
import { descendants, JobNames, knownBy, ownerOf, placeOf, readOwners, recordedJob, stackName } from "./owners";

/** A job that is to go. */
export interface DoomedJob extends RecordedJob {
  /** The pool whose containers it runs. */
  readonly pool?: string;
  /** The job that launched it. */
  readonly parent?: string;
}

/** Something that a stack has and that stays, and why. */
export interface KeptThing {
  readonly name: string;
  readonly reason: string;
}

/** What is to go with a stack. */
export interface Destruction {
  /** Jobs that the cluster has. What launched others comes before them. */
  readonly jobs: readonly DoomedJob[];
  readonly consul: readonly RecordedInConsul[];
  readonly kept: readonly KeptThing[];
  /** Pools whose jobs go. */
  readonly pools: readonly string[];
  /** Whether there is a record of the stack, why not, or why nothing is known of it. */
  readonly record:
    { readonly kind: "found" } | { readonly kind: "none" } | { readonly kind: "unreadable"; readonly reason: string };
  readonly place: WantedRecord;
}

/**
 * Finds what a stack brought to a cluster, by its record, and what came of that: jobs that its jobs launched, and all generations of its pools. Where
 * there is no record, or nobody may read it, by what its program has. What the record of another stack has too, stays.
 *
 * @param project what the project is called in records
 */
export async function findDestruction(
  environment: string,
  project: string,
  contents: StackContents,
  clients: RecordClients,
): Promise<Destruction> {
  const { nomad, signal } = clients;
  const place = wantedRecord(contents, { project, environment });
  const { own, others } = await readOwners(place, clients);
  const names = new JobNames(nomad);
  const known = own.kind === "found" ? knownBy(own.record) : place.content;
  const kept: KeptThing[] = [];
  const limit = pLimit(AT_ONCE);
  const found = await Promise.all(
    known.jobs.map((job) =>
      limit(async (): Promise<readonly DoomedJob[]> => {
        signal?.throwIfAborted();
        const owner = ownerOf(job, others, names);
        if (owner) {
          kept.push({ name: job.id, reason: `${stackName(owner, place)} has it too` });
          return [];
        }
        return withDescendants(nomad.where(placeOf(job)), job);
      }),
    ),
  );
  const jobs = [...new Map(found.flat().map((job) => [names.of(job), job] as const)).values()];
  const stays = (job: DoomedJob) => ownerOf(job, others, names) !== undefined;
  const doomed = jobs.filter((job) => !stays(job));
  const consul: RecordedInConsul[] = [];
  for (const item of withSplitters(known.consul)) {
    signal?.throwIfAborted();
    if (!(await isThere(item, clients.consul))) continue;
    const owner = ownerInConsul(item, others);
    if (owner) kept.push({ name: `${item.kind} ${item.name}`, reason: `${stackName(owner, place)} has it too` });
    else consul.push(item);
  }
  const record = own.kind === "found" ? ({ kind: "found" } as const) : own;
  const pools = [...new Set(doomed.flatMap(({ pool }) => pool ?? []))].sort();
  return { jobs: doomed, consul, kept, pools, record, place };
}

/** What a stack made in Consul, with the splitters that `deploy --canary-weight` made for its resolvers. */
function withSplitters(all: readonly RecordedInConsul[]): readonly RecordedInConsul[] {
  const splitters = all
    .filter(({ kind }) => kind === "service-resolver")
    .map(({ name }) => ({ kind: "service-splitter", name }))
    .filter(({ name }) => !all.some((item) => item.kind === "service-splitter" && item.name === name));
  return [...all, ...splitters];
}

/** A job with what came of it, where the cluster has it. */
async function withDescendants(nomad: NomadClient, job: RecordedJob): Promise<readonly DoomedJob[]> {
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

/** Jobs of a program, as records have them. */
export function jobsOf({ wanted }: Pick<StackContents, "wanted">): readonly RecordedJob[] {
  return wanted.flatMap((item) => (item.kind === "job" ? [recordedJob(item.job)] : []));
}
