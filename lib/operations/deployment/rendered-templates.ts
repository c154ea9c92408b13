import { setTimeout as sleep } from "node:timers/promises";
import { launchesOthers, millisecondsOf, type AllocationStub, type NomadClient, type TaskEvent } from "../../nomad";
import { withRetries } from "../events";
import { RESTARTING, type ConsulChange, type TemplateReader } from "../plan";
import type { StackObject } from "../stack";
import { conditionWithServices, type Condition } from "./condition";
import { diagnosable, diagnose, type TaskDiagnosis } from "./diagnosis";
import { askAboutJob, isBatch } from "./job-answers";
import { updatesOf } from "./job-groups";
import { failedForGood, restartsOf } from "./newest-allocations";
import type { OperationOptions } from "./options";
import type { Reason } from "./reason";
import { allocationReasons } from "./reasons";
import { nameOf, type StackJob } from "./stack-jobs";

/** What became of a job whose templates read something that changed. */
export interface RenderedJob {
  readonly path: string;
  readonly job: string;
  /**
   * `restarted`: tasks of it were restarted, got a signal, or ran their script, and it is healthy again; `same`: nothing was done with it in the time
   * that Nomad takes; `failed`: it is not healthy since; `timed-out`: that is not known yet.
   */
  readonly result: "restarted" | "same" | "failed" | "timed-out";
  readonly reasons: readonly Reason[];
  /** What is known of tasks that failed. */
  readonly diagnoses: readonly TaskDiagnosis[];
}

/** What following templates takes. */
type Options = Pick<OperationOptions, "nomad" | "consul" | "masking" | "onStep" | "onTrouble" | "signal" | "until"> & {
  /** How long a node may take beyond what its templates wait, in milliseconds. Default: 5 s. */
  readonly slack?: number;
};

/** A job with what its tasks had been through before a key changed: by allocation, by task. */
interface Following {
  readonly item: StackJob;
  readonly readers: readonly TemplateReader[];
  readonly before: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const INTERVAL = 500;
const SLACK = 5000;

/**
 * Follows the jobs of a stack whose templates read keys of Consul that change: Nomad restarts their tasks, signals them or runs a script in them by
 * itself, some seconds later, and begins no deployment.
 */
export class RenderedTemplates {
  #written: number | undefined;

  private constructor(
    private readonly following: readonly Following[],
    private readonly options: Options,
  ) {}

  /** Looks at the jobs that read what is about to change. Batch jobs, and what is launched, end by themselves, and are not followed. */
  static async before(
    changes: readonly ConsulChange[],
    objects: readonly StackObject[],
    options: Options,
  ): Promise<RenderedTemplates> {
    const readers = changes.flatMap((change) => change.readers ?? []).filter(({ effect }) => RESTARTING.has(effect));
    const jobs = objects
      .filter((item) => item.kind === "job")
      .filter(({ job }) => !isBatch(job) && !launchesOthers(job));
    const following = await Promise.all(
      jobs.flatMap((item) => {
        const own = readers.filter(({ path }) => path === item.path);
        return own.length === 0 ? [] : [snapshot(item, own, options)];
      }),
    );
    return new RenderedTemplates(
      following.filter(({ before }) => before.size > 0),
      options,
    );
  }

  /** Says that something was written. */
  written(): void {
    this.#written = performance.now();
  }

  /** Waits until the tasks that were there before are settled. @param left paths of jobs that are judged already */
  async settled(left: ReadonlySet<string> = new Set()): Promise<readonly RenderedJob[]> {
    const written = this.#written;
    if (written === undefined) return [];
    const following = this.following.filter(({ item }) => !left.has(item.path));
    return Promise.all(following.map((each) => settle(each, written, this.options)));
  }
}

async function snapshot(item: StackJob, readers: readonly TemplateReader[], options: Options): Promise<Following> {
  const nomad = options.nomad.where(item.job);
  const allocations = await withRetries(() => nomad.allocations(item.job.ID), options);
  const running = allocations.filter((each) => isWanted(each) && each.ClientStatus === "running");
  const tasks = (group: string) => readers.filter((reader) => reader.group === group).map(({ task }) => task);
  const before = running.flatMap(({ ID, TaskGroup, TaskStates }) => {
    const reading = tasks(TaskGroup).filter((task) => TaskStates?.[task]?.State === "running");
    const last = reading.map((task) => [task, lastTime(TaskStates?.[task]?.Events ?? [])] as const);
    return last.length === 0 ? [] : [[ID, new Map(last)] as const];
  });
  return { item, readers, before: new Map(before) };
}

async function settle({ item, readers, before }: Following, written: number, options: Options): Promise<RenderedJob> {
  const { job, path } = item;
  const nomad = options.nomad.where(job);
  const { slack = SLACK } = options;
  const within = Math.max(...readers.map((reader) => reader.within)) + slack;
  const { least, longest } = healthTimes(item);
  options.onStep(`waiting for the templates of ${nameOf(job)}, which read what changed in Consul`);
  let acted = false;
  let since: number | undefined;
  let starts = -1;
  for (;;) {
    options.signal?.throwIfAborted();
    const seen = await withRetries(() => look(nomad, job.ID, options.consul), options);
    const now = performance.now();
    const of = { path, job: job.ID, reasons: [], diagnoses: [] };
    if (!seen) return { ...of, result: "failed", reasons: [{ kind: "unknown", message: `${job.ID} is gone` }] };
    const { allocations, condition } = seen;
    const states = [...before].map(([id, tasks]) =>
      actsOf(
        allocations.find(({ ID }) => ID === id),
        tasks,
      ),
    );
    acted ||= states.some(({ acts }) => acts > 0);
    const scripts = states.flatMap(({ failures }) => failures);
    const gone = allocations.filter(
      (each) =>
        before.has(each.ID) &&
        (failedForGood(each) || (each.ClientStatus === "failed" && each.DesiredStatus === "run")),
    );
    const total = allocations.reduce((sum, each) => sum + restartsOf(each), 0);
    const well = (condition.state === "healthy" || condition.state === "unknown") && total === starts;
    starts = total;
    since = well ? (since ?? now) : undefined;
    const waited = now - written;
    const all = states.every(({ acts, pending }) => acts > 0 && pending === 0) || waited > within;
    const why = [...scripts, ...condition.reasons, ...allocationReasons(seen.job, unhealthy(allocations, before))];
    const isLate = waited > within + longest;
    if (scripts.length > 0 || isLate || (acted && (gone.length > 0 || condition.state === "failed"))) {
      const suspects = diagnosable(allocations, seen.job.Type);
      const diagnoses = (await Promise.all(suspects.map((each) => diagnose(nomad, each)))).flat();
      return { ...of, result: "failed", reasons: why.length > 0 ? distinct(why) : [notHealthy(job.ID)], diagnoses };
    }
    // What is not well without having been restarted is for whoever judges the job.
    if (all && !acted) return { ...of, result: "same" };
    if (all && since !== undefined && now - since >= least) return { ...of, result: "restarted" };
    if (options.until !== undefined && now > options.until)
      return { ...of, result: "timed-out", reasons: distinct(why) };
    await sleep(INTERVAL, undefined, { signal: options.signal });
  }
}

async function look(nomad: NomadClient, id: string, consul: OperationOptions["consul"]) {
  const answers = await askAboutJob(nomad, id);
  if (!answers) return undefined;
  const condition: Condition = await conditionWithServices(answers, { nomad, consul });
  return { job: answers.job, allocations: answers.allocations, condition };
}

/** What Nomad did with the tasks of an allocation for their templates, and which of them it has still to do something with. */
function actsOf(allocation: AllocationStub | undefined, tasks: ReadonlyMap<string, number>) {
  // Whoever took it away, what follows it reads the key as it is.
  if (!allocation || !isWanted(allocation)) return { acts: 0, pending: 0, failures: [] };
  const each = [...tasks].map(([task, last]) => {
    const events = (allocation.TaskStates?.[task]?.Events ?? []).filter(({ Time }) => Time > last);
    const failures = events.filter(
      ({ Type, DisplayMessage }) => Type === SCRIPT_FAILED && /script/i.test(DisplayMessage),
    );
    return { task, acts: events.filter(({ Type }) => ACTS.has(Type)).length, failures };
  });
  return {
    acts: each.reduce((sum, { acts }) => sum + acts, 0),
    pending: each.filter(({ acts }) => acts === 0).length,
    failures: each.flatMap(({ task, failures }) =>
      failures.map(({ DisplayMessage }): Reason => {
        const { TaskGroup: group, ID } = allocation;
        return {
          kind: "task",
          group,
          task,
          allocation: ID,
          message: `task "${task}" of group "${group}": ${DisplayMessage}`,
        };
      }),
    ),
  };
}

const SCRIPT_FAILED = "Task hook failed";
/** What Nomad does where a template has another text. https://developer.hashicorp.com/nomad/docs/job-specification/template#change_mode */
const ACTS: ReadonlySet<string> = new Set([
  "Restart Signaled",
  "Signaling",
  "Task hook message",
  SCRIPT_FAILED,
  "Killing",
]);

function healthTimes({ job }: StackJob): { readonly least: number; readonly longest: number } {
  const updates = [...updatesOf(job).values()];
  return {
    least: Math.max(...updates.map(({ MinHealthyTime }) => millisecondsOf(MinHealthyTime))),
    longest: Math.max(...updates.map(({ HealthyDeadline }) => millisecondsOf(HealthyDeadline))),
  };
}

/** What was healthy once stays so for Nomad: it is looked at as if it were new. */
function unhealthy(allocations: readonly AllocationStub[], before: Following["before"]): readonly AllocationStub[] {
  return allocations.flatMap((each) => (before.has(each.ID) ? [{ ...each, DeploymentStatus: null }] : []));
}

function notHealthy(job: string): Reason {
  return { kind: "health", message: `${job} did not become healthy after its templates had changed` };
}

/** Each once; that a task is not healthy for long enough yet says nothing where something else is wrong. */
function distinct(reasons: readonly Reason[]): readonly Reason[] {
  const wrong = reasons.filter(({ kind }) => kind !== "health");
  return (wrong.length > 0 ? wrong : reasons).filter(
    ({ message }, index, all) => all.findIndex((other) => other.message === message) === index,
  );
}

function isWanted({ DesiredStatus }: AllocationStub): boolean {
  return DesiredStatus === "run";
}

function lastTime(events: readonly TaskEvent[]): number {
  return Math.max(0, ...events.map(({ Time }) => Time));
}
