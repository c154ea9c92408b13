import pLimit from "p-limit";
import { setTimeout as sleep } from "node:timers/promises";
import { isClosed, messageOf, whereOf, type ConsulClient, type JobJson, type NomadClient } from "../../nomad";
import type { Masking } from "../../masking";
import { LOOKING, watchChanges, type Changes } from "../events";
import { AT_ONCE } from "../plan";
import type { StackJob } from "./stack-jobs";
import { jobStatus, type JobStatus } from "./stack-status";

/** What following jobs takes. */
export interface LiveStatusOptions {
  readonly nomad: NomadClient;
  readonly consul?: ConsulClient;
  readonly masking: Masking;
  /** Told where the cluster cannot be watched as usual. */
  readonly onTrouble?: (text: string) => void;
  /** How long an answer may take before what a job does is said to be unknown, in milliseconds. Default: 8000. */
  readonly patience?: number;
}

/** Told what became of a job, at first and whenever that changes. */
export type StatusListener = (status: JobStatus) => void;

const PATIENCE = 8_000;
/** Changes come in bursts: between two questions about one job at least this goes by, in milliseconds. */
const SETTLES = 300;

type Limit = ReturnType<typeof pLimit>;

interface Followed {
  readonly stackJob: StackJob;
  readonly listeners: Set<StatusListener>;
  readonly stop: AbortController;
  last: JobStatus | undefined;
}

/**
 * What becomes of jobs, as it becomes: each is asked about whenever the one stream of events of its region says that something about it changed, however many
 * listen. The verdict is that of {@link jobStatus}.
 */
export class LiveStatus {
  readonly #followed = new Map<string, Followed>();
  readonly #streams = new Map<string, { namespace: string; changes: Changes }>();
  /** Each region has its own: one whose servers hang keeps nobody else waiting. */
  readonly #limits = new Map<string, Limit>();
  #closed = false;

  constructor(private readonly options: LiveStatusOptions) {}

  /** How many streams of events are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /**
   * Follows a job until the function that it returns is called. What was known last is told at once.
   */
  follow(stackJob: StackJob, listener: StatusListener): () => void {
    const key = keyOf(stackJob.job);
    const found = this.#followed.get(key);
    const followed = found ?? { stackJob, listeners: new Set(), stop: new AbortController(), last: undefined };
    followed.listeners.add(listener);
    if (followed.last) listener({ ...followed.last, path: stackJob.path });
    if (!found && !this.#closed) {
      this.#followed.set(key, followed);
      void this.keepAsking(followed);
    }
    return () => {
      followed.listeners.delete(listener);
      if (followed.listeners.size > 0) return;
      followed.stop.abort();
      if (this.#followed.get(key) === followed) this.#followed.delete(key);
      this.closeUnused();
    };
  }

  close(): void {
    this.#closed = true;
    for (const { stop } of this.#followed.values()) stop.abort();
    this.#followed.clear();
    this.closeUnused();
  }

  private async keepAsking(followed: Followed): Promise<void> {
    const { stackJob, stop } = followed;
    const { signal } = stop;
    while (!signal.aborted) {
      try {
        const asked = this.limit(stackJob.job)(() => this.ask(stackJob, signal));
        const status =
          (await Promise.race([asked, this.overdue(stackJob, signal)])) ?? (await this.late(followed, asked));
        this.tell(followed, status);
        await this.changes(stackJob.job).next(stackJob.job.ID, signal, keyOf(stackJob.job));
        await sleep(SETTLES, undefined, { signal });
      } catch (error) {
        if (signal.aborted || isClosed(error)) return;
        await sleep(1000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** What became of it; where that cannot be found out, that it is not known, and why. */
  private async ask(stackJob: StackJob, signal: AbortSignal): Promise<JobStatus> {
    const { nomad, consul, masking } = this.options;
    try {
      return await jobStatus(stackJob, { nomad, consul, masking, ...LOOKING, signal, allocations: true });
    } catch (error) {
      signal.throwIfAborted();
      return unknown(stackJob, messageOf(error));
    }
  }

  private limit(job: JobJson): Limit {
    const { region = "" } = whereOf(job);
    const limit = this.#limits.get(region) ?? pLimit(AT_ONCE);
    this.#limits.set(region, limit);
    return limit;
  }

  private async overdue(_stackJob: StackJob, signal: AbortSignal): Promise<undefined> {
    await sleep(this.options.patience ?? PATIENCE, undefined, { signal });
    return undefined;
  }

  /** Says that nothing is known while an answer is waited for that does not come. */
  private async late(followed: Followed, asked: Promise<JobStatus>): Promise<JobStatus> {
    const seconds = (this.options.patience ?? PATIENCE) / 1000;
    this.tell(followed, unknown(followed.stackJob, `Nomad has not answered for ${seconds} s; it is asked again`));
    return asked;
  }

  private tell(followed: Followed, status: JobStatus): void {
    if (JSON.stringify(status) === JSON.stringify(followed.last)) return;
    followed.last = status;
    for (const listener of followed.listeners) listener(status);
  }

  /** The stream of a job's region. One namespace is watched as long as all jobs are in it, and then all that the token may read. */
  private changes(job: JobJson): Changes {
    const { region = "", namespace = "" } = whereOf(job);
    const open = this.#streams.get(region);
    if (open && (open.namespace === namespace || open.namespace === "*")) return open.changes;
    open?.changes.close();
    const wide = open ? "*" : namespace;
    const place = { ...(region === "" ? {} : { Region: region }), ...(wide === "" ? {} : { Namespace: wide }) };
    const changes = watchChanges(this.options.nomad.where(place), { onTrouble: this.options.onTrouble });
    this.#streams.set(region, { namespace: wide, changes });
    return changes;
  }

  private closeUnused(): void {
    const regions = new Set([...this.#followed.values()].map(({ stackJob }) => whereOf(stackJob.job).region ?? ""));
    for (const [region, { changes }] of this.#streams)
      if (!regions.has(region)) {
        changes.close();
        this.#streams.delete(region);
      }
  }
}

function unknown({ path, job }: StackJob, message: string): JobStatus {
  return { job: job.ID, path, ...whereOf(job), state: "unknown", groups: [], reasons: [{ kind: "unknown", message }] };
}

function keyOf(job: JobJson): string {
  const { region = "", namespace = "" } = whereOf(job);
  return JSON.stringify([region, namespace, job.ID]);
}
