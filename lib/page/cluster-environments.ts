import type { Masking } from "../masking";
import {
  ApiError,
  messageOf,
  sharedAnswer,
  type AllocationStub,
  type ConsulClient,
  type JobJson,
  type NomadClient,
} from "../nomad";
import {
  knownBy,
  listRecords,
  LiveStatus,
  ownerOf,
  placeOf,
  promote,
  readOwners,
  stackName,
  stackStatus,
  type RecordList,
  type StackObject,
  type StackJob,
  type JobStatus,
} from "../operations";
import { HttpProblem } from "../service";
import { RECORD_ROOT, recordPath, type StackIdentity, type StackRecord } from "../stack-record";
import type { Drift, EnvironmentList, Job, TaskLog } from "./api";
import {
  environmentId,
  type EnvironmentListener,
  type Environments,
  type JobPlace,
  type ProgramEnvironments,
  type TaskPlace,
} from "./environments";
import { jobOf } from "./job";
import { followLog, logText, type LogPosition, type LogReader } from "./log";
import { refusalOf } from "./refusal";

/** What the environments of a cluster are known by. */
export interface ClusterEnvironmentsOptions {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** What is hidden of everything that the page is told. */
  readonly masking: Masking;
  /** The program of a project. Default: there is none, and nobody tells drift. */
  readonly program?: ProgramEnvironments;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly onTrouble: (message: string) => void;
  /** Between two looks which jobs an environment has, in milliseconds. Default: 10,000. */
  readonly again?: number;
}

/** For how long the records of a cluster are shared by all who ask, in milliseconds. */
const SHARED = 2000;
const AGAIN = 10_000;
/** The last of an output that is shown, in bytes. */
const LOG_BYTES = 64 * 1024;
/** How long a node may take to give it, in milliseconds. */
const LOG_PATIENCE = 10_000;

/** A stack that has a record. */
interface Recorded {
  readonly identity: StackIdentity;
  readonly record: StackRecord;
  readonly store: "consul" | "nomad";
  /** Its jobs, each with its key among them, and whether it is a stray. */
  readonly jobs: readonly (StackJob & Pick<Job, "key" | "stray">)[];
}

/** The environments that a cluster has records of, and those of a program. */
export function clusterEnvironments(options: ClusterEnvironmentsOptions): Environments {
  return new ClusterEnvironments(options);
}

/** Whether an environment that no record was found of may have one: that it has none is known only where all could be read. */
function isUnread({ records, unread }: RecordList, id: string): boolean {
  return (
    unread.length > 0 ||
    records.some((each) => each.kind === "unreadable" && environmentId(each.path, RECORD_ROOT) === id)
  );
}

class ClusterEnvironments implements Environments {
  readonly #live: LiveStatus;
  readonly #records: () => Promise<RecordList>;
  readonly #names: () => Promise<readonly string[]>;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(private readonly options: ClusterEnvironmentsOptions) {
    const { nomad, consul, masking, program, now, onTrouble } = options;
    this.#live = new LiveStatus({ nomad, consul, masking, onTrouble });
    this.#records = sharedAnswer(SHARED, now, () => listRecords({ nomad, consul }));
    this.#names = sharedAnswer(60_000, now, async () => (program ? program.names() : []));
  }

  async list(): Promise<EnvironmentList> {
    const { program, masking } = this.options;
    const unread: string[] = [];
    const [records, names] = await Promise.all([
      this.#records(),
      this.#names().catch((error: unknown): readonly string[] => {
        unread.push(`the program of this project does not tell its stacks: ${messageOf(error)}`);
        return [];
      }),
    ]);
    unread.push(...records.unread.map(({ reason }) => reason));
    const found = records.records.flatMap((each) => {
      if (each.kind === "found") return [recordedOf(each.record, each.store)];
      unread.push(each.reason);
      return [];
    });
    const recorded = found.map(({ identity, record, jobs }) => ({
      id: idOf(identity),
      project: identity.project,
      ...(record.projectName === undefined ? {} : { projectName: record.projectName }),
      environment: identity.environment,
      owner: record.owner,
      jobs: jobs.length,
      recorded: true,
      program: program?.project === identity.project && names.includes(identity.environment),
    }));
    const known = new Set(recorded.map(({ id }) => id));
    const others = names
      .map((environment) => ({ project: program?.project ?? "", environment }))
      .filter((identity) => !known.has(idOf(identity)))
      .map((identity) => {
        const id = idOf(identity);
        return { id, ...identity, jobs: 0, ...(isUnread(records, id) ? {} : { recorded: false }), program: true };
      });
    const environments = [...recorded, ...others].sort((a, b) => (a.id < b.id ? -1 : 1));
    return masking.json({ environments, unread: [...new Set(unread)] });
  }

  async follow(id: string, listener: EnvironmentListener): Promise<() => void> {
    const { masking, again = AGAIN } = this.options;
    const followed = new Map<string, () => void>();
    let ended = false;
    let isTroubled = false;
    const look = async () => {
      const { jobs } = await this.recorded(id);
      // A page may have gone while its records were asked for: what were followed now, nobody would let go of.
      if (ended) return;
      if (isTroubled) listener.onTrouble(undefined);
      isTroubled = false;
      const keys = jobs.map(({ key }) => key);
      for (const [key, stop] of followed)
        if (!keys.includes(key)) {
          stop();
          followed.delete(key);
        }
      listener.onJobs(keys);
      for (const job of jobs) {
        const { key } = job;
        if (!followed.has(key))
          followed.set(
            key,
            this.#live.follow(job, (status) => listener.onJob(key, this.shown(status, job))),
          );
      }
    };
    const end = () => {
      ended = true;
      clearInterval(timer);
      this.#timers.delete(timer);
      for (const stop of followed.values()) stop();
      followed.clear();
    };
    const timer = setInterval(() => {
      look().catch((error: unknown) => {
        if (ended) return;
        isTroubled = true;
        listener.onTrouble(masking.text(`which jobs it has could not be asked: ${messageOf(error)}`));
      });
    }, again);
    this.#timers.add(timer);
    try {
      await look();
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  async status(id: string, signal?: AbortSignal): Promise<readonly Job[]> {
    const { nomad, consul, masking } = this.options;
    const { jobs } = await this.recorded(id);
    const found = await stackStatus(jobs, { nomad, consul, masking, signal, allocations: true, patience: 5000 });
    return jobs.flatMap((job, at) => (found[at] ? [this.shown(found[at], job)] : []));
  }

  /** A job as it is told. Its key names it in events, and stays as it is: by the name alone, that of a job with a mark in its id reads as a secret. */
  private shown(status: JobStatus, job: Pick<Job, "key" | "stray">): Job {
    return { ...this.options.masking.json(jobOf(status, job)), key: job.key };
  }

  async promote(id: string, place: JobPlace, deployment: string): Promise<void> {
    const { nomad, consul, masking, onTrouble } = this.options;
    const { identity, record, store, jobs } = await this.recorded(id);
    const wanted = jobs.find(({ job }) => isAt(job, place));
    if (!wanted) throw unknownThing("it has no such job");
    if (record.owner === "terraform")
      throw new HttpProblem(
        "refused",
        "the stack goes through Terraform, with its state and its lock; deploy it there",
      );
    const owners = await readOwners({ ...identity, store }, { nomad, consul });
    if (owners.unread.length > 0)
      throw new HttpProblem(
        "unavailable",
        "records of other stacks cannot be read, so it is not known whether the job is theirs",
      );
    const recordedJob = knownBy(record).jobs.find((each) => isAt({ ID: each.id, ...placeOf(each) }, place));
    const other = recordedJob && ownerOf(recordedJob, owners.otherStacks, owners.names);
    if (other) throw new HttpProblem("refused", masking.text(`the job is one of ${stackName(other)}`));
    const at = nomad.where(wanted.job);
    const [newest] = await at.deployments(wanted.job.ID);
    if (newest?.ID !== deployment) throw new HttpProblem("refused", "another deployment began since; look at it first");
    const held = await at.job(wanted.job.ID);
    if (!held) throw unknownThing("the job is gone");
    // A server names its region and its namespace where nobody did.
    const own: StackJob = { ...wanted, job: { ...held, Region: wanted.job.Region, Namespace: wanted.job.Namespace } };
    try {
      await promote([own, ...(await this.resolvers(record))], {
        nomad,
        consul,
        masking,
        job: wanted.job.ID,
        detach: true,
        onStep: () => undefined,
        onChange: () => undefined,
        onTrouble,
      });
    } catch (error) {
      throw refusalOf(error, masking);
    }
  }

  async drift(id: string, signal?: AbortSignal): Promise<Drift> {
    const { program, masking } = this.options;
    const { environments } = await this.list();
    const found = environments.find((each) => each.id === id);
    if (!found) throw unknownThing("there is no such environment");
    if (!program || !found.program)
      throw new HttpProblem(
        "refused",
        "drift is told where the stack's program is: cdk-nomad ui in a folder of its project",
      );
    try {
      return await program.drift(found.environment, signal);
    } catch (error) {
      throw refusalOf(error, masking);
    }
  }

  async log(id: string, place: TaskPlace): Promise<TaskLog> {
    const { masking } = this.options;
    const { task, stream } = place;
    const { at, allocation } = await this.taskOf(id, place);
    const chunks: Uint8Array[] = [];
    try {
      const signal = AbortSignal.timeout(LOG_PATIENCE);
      for await (const chunk of at.logs(allocation.ID, task, { stream, lastBytes: LOG_BYTES, signal }))
        chunks.push(chunk);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404)
        throw unknownThing(
          "nothing of what it wrote is there: it has not started, or its node has taken the files away",
        );
      throw error;
    }
    return logText(Buffer.concat(chunks), LOG_BYTES, masking);
  }

  async followLog(id: string, place: TaskPlace, reader: LogReader, from?: LogPosition): Promise<() => void> {
    const { masking } = this.options;
    const { task, stream } = place;
    const { at, wanted, allocation } = await this.taskOf(id, place);
    const over = new AbortController();
    const { signal } = over;
    let end: (message: string) => void = () => undefined;
    const ended = new Promise<string>((resolve) => (end = resolve));
    const judge = (stub: AllocationStub | undefined) => {
      const message = endOf(stub, task);
      if (message !== undefined) end(masking.text(message));
      return message !== undefined;
    };
    // Whenever something about its job changes, it is asked whether the task goes on.
    const stop = judge(allocation)
      ? () => undefined
      : this.#live.follow(wanted, () => {
          at.allocations(wanted.job.ID).then(
            (all) => judge(all.find(({ ID }) => ID === allocation.ID)),
            () => undefined,
          );
        });
    const open = (how: { readonly follow: boolean; readonly lastBytes: number; readonly signal: AbortSignal }) =>
      at.logFrames(allocation.ID, task, { stream, ...how });
    void followLog({ open, reader, masking, ended, signal, ...(from ? { from } : {}) });
    return () => {
      over.abort();
      stop();
    };
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#live.close();
    return Promise.resolve();
  }

  private async recorded(id: string): Promise<Recorded> {
    const list = await this.#records();
    const found = list.records.flatMap((each) => (each.kind === "found" ? [recordedOf(each.record, each.store)] : []));
    const own = found.find(({ identity }) => idOf(identity) === id);
    if (own) return own;
    if (isUnread(list, id))
      throw new HttpProblem("unavailable", "its record cannot be read, so nothing is known of its jobs");
    throw unknownThing("no record of such a stack is here; one is written with each deployment");
  }

  /**
   * A task's allocation. What the version of its job says that it runs is hidden from now on, as what the newest one says.
   *
   * @throws HttpProblem where it is none of the environment
   */
  private async taskOf(id: string, { allocation: prefix, task, ...place }: TaskPlace) {
    const { nomad, masking } = this.options;
    const { jobs } = await this.recorded(id);
    const wanted = jobs.find(({ job }) => isAt(job, place));
    if (!wanted) throw unknownThing("it has no such job");
    const at = nomad.where(wanted.job);
    const [held, all] = await Promise.all([at.job(wanted.job.ID), at.allocations(wanted.job.ID)]);
    const allocation = all.find(({ ID }) => ID.startsWith(prefix));
    if (!allocation) throw unknownThing("no allocation of its job is called so");
    if (!Object.hasOwn(allocation.TaskStates ?? {}, task)) throw unknownThing("the allocation has no such task");
    masking.learn(held);
    if (held && held.Version !== allocation.JobVersion)
      for (const version of (await at.versions(wanted.job.ID, { diffs: false })).Versions) masking.learn(version);
    return { at, wanted, allocation };
  }

  /** What splits the requests of the stack's services, which is asked before canaries are promoted. */
  private async resolvers(record: StackRecord): Promise<readonly StackObject[]> {
    const named = knownBy(record).consul.filter(({ kind }) => kind === "service-resolver");
    const held = await Promise.all(
      named.map(async ({ kind, name }) => ({ name, entry: await this.options.consul.configEntry(kind, name) })),
    );
    return held.flatMap(({ name, entry }) =>
      entry
        ? [{ kind: "entry" as const, path: name, entry: { ...entry, Kind: "service-resolver", Name: name }, after: [] }]
        : [],
    );
  }
}

function recordedOf(record: StackRecord, store: "consul" | "nomad"): Recorded {
  const { project, environment } = record;
  const gone = new Set(record.former.jobs);
  const jobs = knownBy(record)
    .jobs.filter(({ stopped }) => stopped !== true)
    .map((each) => ({
      kind: "job" as const,
      path: `${environment}/${each.id}`,
      job: { ID: each.id, ...placeOf(each) },
      after: [],
      key: [each.region ?? "", each.namespace ?? "", each.id].join("/"),
      stray: gone.has(each),
    }));
  return { identity: { project, environment }, record, store, jobs };
}

function idOf(identity: StackIdentity): string {
  return environmentId(recordPath(identity), RECORD_ROOT);
}

function isAt(job: JobJson, { job: id, region, namespace }: JobPlace): boolean {
  return job.ID === id && (job.Region ?? undefined) === region && (job.Namespace ?? undefined) === namespace;
}

/** Why a task writes nothing more; undefined where it may. */
function endOf(allocation: AllocationStub | undefined, task: string): string | undefined {
  if (!allocation) return "The allocation is gone: its job was purged, or it was collected";
  const state = allocation.TaskStates[task];
  if (state?.State === "dead") {
    const last = state.Events.findLast(({ Type }) => Type === "Terminated")?.DisplayMessage ?? "";
    return `The task ${state.Failed ? "failed" : "ended"}${last === "" ? "" : `. ${last}`}`;
  }
  // Of a node that does not answer nothing is known: its task may well go on.
  return ["complete", "failed"].includes(allocation.ClientStatus)
    ? `The allocation is ${allocation.ClientStatus}`
    : undefined;
}

function unknownThing(detail: string): HttpProblem {
  return new HttpProblem("environment-unknown", detail);
}
