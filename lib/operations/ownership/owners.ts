import { poolOfJob, whereOf, type JobJson, type NomadClient } from "../../nomad";
import {
  recordPath,
  type NamedStackIdentity,
  type RecordedInConsul,
  type RecordedJob,
  type StackIdentity,
  type StackRecord,
} from "../../stack-record";
import { regionAsked } from "../identity";
import { listRecords, readRecord, type RecordClients, type RecordPlace, type RecordState } from "../record";

/** What the records of a cluster say about who brought what. */
export interface Owners {
  /** The record of the stack that is looked at. */
  readonly own: RecordState;
  /** The records of all other stacks that could be read. */
  readonly otherStacks: readonly StackRecord[];
  /** Why records may be missing, as parts of sentences. */
  readonly unread: readonly string[];
  /** What tells the jobs of the cluster apart. */
  readonly names: JobNames;
}

/**
 * Reads who brought what to a cluster, for one of its stacks. What cannot be read is a part of what it says.
 *
 * @param known the record of that stack, where somebody has just read it. Default: it is read
 */
export async function readOwners(place: RecordPlace, clients: RecordClients, known?: RecordState): Promise<Owners> {
  const [own, { records, unread }, names] = await Promise.all([
    known ?? readRecord(place, clients),
    listRecords(clients),
    JobNames.at(clients.nomad, clients.signal),
  ]);
  const path = recordPath(place);
  const otherStacks = records.flatMap((each) =>
    each.kind === "found" && recordPath(each.record) !== path ? [each.record] : [],
  );
  const broken = records.flatMap((each) => (each.kind === "unreadable" && each.path !== path ? [each.reason] : []));
  return { own, otherStacks, unread: [...unread.map(({ reason }) => reason), ...broken], names };
}

/** Everything that a record knows: what the program of the last deployment has, and what earlier ones brought. */
export function knownBy({ jobs, consul, former }: StackRecord): {
  readonly jobs: readonly RecordedJob[];
  readonly consul: readonly RecordedInConsul[];
} {
  return { jobs: [...jobs, ...former.jobs], consul: [...consul, ...former.consul] };
}

/** What tells jobs of a cluster apart: two of one id may be in two regions, or in two namespaces. */
export class JobNames {
  /** @param region and `namespace`: those of a job that names none */
  constructor(
    private readonly region: string,
    private readonly namespace: string,
  ) {}

  /**
   * The names of jobs, seen by somebody who asks a Nomad: a job that names no region is in that of the server, and the server is asked which that is.
   *
   * @param nomad whose region and namespace a job has that names none
   */
  static async at(nomad: NomadClient, signal?: AbortSignal): Promise<JobNames> {
    const { region, namespace = "default" } = nomad.http.connection.query ?? {};
    return new JobNames(region ?? (await regionAsked(nomad, signal)) ?? "", namespace);
  }

  /** The same for the same job, whether it names its region and its namespace or leaves it to whoever deploys. */
  of({ id, region = this.region, namespace = this.namespace }: RecordedJob): string {
    return JSON.stringify([region, namespace, id]);
  }
}

/** How a stack is called in messages: with its project, where that is another one, by the name that people know, if it has one. */
export function stackName(
  { project, environment, projectName }: NamedStackIdentity,
  own?: Pick<StackIdentity, "project">,
): string {
  if (own?.project === project) return environment;
  return `${environment} of the project ${projectName === undefined ? project : `${projectName} (${project})`}`;
}

/** A job of a program, as records have it. */
export function recordedJob(job: JobJson): RecordedJob {
  return { id: job.ID, ...whereOf(job) };
}

/** What Nomad's API takes for the place of a job. */
export function placeOf({ region, namespace }: RecordedJob): { readonly Region?: string; readonly Namespace?: string } {
  return {
    ...(region === undefined ? {} : { Region: region }),
    ...(namespace === undefined ? {} : { Namespace: namespace }),
  };
}

/** The stack of a list that knows a job. One that it only stopped may be anybody's by now. */
export function ownerOf(job: RecordedJob, records: readonly StackRecord[], names: JobNames): StackRecord | undefined {
  const own = names.of(job);
  return records.find((record) => knownBy(record).jobs.some((each) => each.stopped !== true && names.of(each) === own));
}

/**
 * What came of a job that a stack brought and is on the cluster beside it: jobs that it launched, and the other generations of its pool.
 *
 * @param held the job as the server holds it
 */
export async function descendants(nomad: NomadClient, held: JobJson): Promise<readonly string[]> {
  const children = (await nomad.jobs(`${held.ID}/`)).filter(({ ParentID }) => ParentID === held.ID);
  const pool = poolOfJob(held);
  const generations = pool === undefined ? [] : await jobsOfPool(nomad, pool);
  return [...children.map(({ ID }) => ID), ...generations.filter((id) => id !== held.ID)];
}

/** Every job of a pool, whatever generation it is, and whether it runs or not. */
async function jobsOfPool(nomad: NomadClient, pool: string): Promise<readonly string[]> {
  const ids = (await nomad.jobs(pool)).filter(({ ParentID }) => ParentID === "").map(({ ID }) => ID);
  const jobs = await Promise.all(ids.map(async (id) => nomad.job(id)));
  return jobs.flatMap((job) => (job && poolOfJob(job) === pool ? [job.ID] : []));
}
