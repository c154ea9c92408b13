import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../errors";
import { ApiError, jobsNamed, parentOf, type AllocationStub, type NomadClient } from "../../../nomad";
import { namesToWrite } from "../../../operations";
import { shellQuoted, term, type TerminalText } from "../../../text";
import { type CliContext, clients, localCluster } from "../../context";
import { EXIT } from "../../exit-codes";
import { ATTENTION } from "../../symbols";
import { outputOfEnded, whyPerhapsLost } from "../../ended-output";
import { TaskOutput } from "../../task-output";
import type { Input } from "../logs";

/** Prints what a task wrote; with `-f` as it writes. */
export async function run({ name, follow, stderr, job, alloc }: Input, context: CliContext) {
  const { terminal, clock, silence = QUIET } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const { nomad, consul } = clients(context, localCluster(context).cluster);
  try {
    terminal.progress().step(`looking for ${name} at ${nomad.address}`);
    const { allocation, task, others } = await findTask(nomad, { name, job, alloc });
    if (others.length > 0) terminal.note(newestAmong(task, allocation, others));
    let heard = clock.now();
    if (follow)
      whenGone(nomad, allocation, { quiet: silence, since: () => clock.now() - heard, signal }).then(
        (reason) => stop.abort(reason),
        (error: unknown) => stop.abort(error),
      );
    const hasEnded = allocation.TaskStates[task]?.State === "dead";
    let bytes = 0;
    const streams = stderr ? (["stderr"] as const) : (["stdout", "stderr"] as const);
    await Promise.all(
      streams.map(async (stream) => {
        const output = new TaskOutput((lines) => terminal.pass(lines, stream));
        try {
          const chunks = hasEnded
            ? outputOfEnded(nomad, allocation.ID, task, { stream, signal })
            : nomad.logs(allocation.ID, task, { stream, follow, signal });
          for await (const chunk of chunks) {
            heard = clock.now();
            bytes += chunk.length;
            output.push(chunk);
          }
        } catch (error) {
          throw withoutOutput(error, allocation, task) ?? error;
        } finally {
          output.end();
        }
      }),
    );
    if (hasEnded && !stderr && bytes === 0) {
      const lost = await whyPerhapsLost(nomad, allocation, task);
      if (lost) terminal.note(term`${ATTENTION} ${task}: ${lost}`);
    }
    return EXIT.ok;
  } catch (error) {
    // Both streams end by the first cause.
    if (!stop.signal.aborted || context.signal.aborted) throw error;
    if (stop.signal.reason === ENDED) return EXIT.ok;
    throw stop.signal.reason;
  } finally {
    stop.abort(ENDED);
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** A task that writes nothing for so long may be one whose agent hangs, in milliseconds: then the agent is asked. */
const QUIET = 30_000;

/** The task ended, and its stream with it. */
const ENDED = "ended";

/**
 * Asks for the allocation whenever nothing was heard of its task for a while: a stream of a hung agent looks as one of a quiet task does.
 *
 * @returns once the allocation has ended: ENDED, or what is wrong where nothing is known of it any more
 * @throws NoAnswerError where Nomad does not answer; the signal's reason, where it is aborted
 */
async function whenGone(
  nomad: NomadClient,
  { ID: id, JobID: job }: AllocationStub,
  { quiet, since, signal }: { readonly quiet: number; readonly since: () => number; readonly signal: AbortSignal },
): Promise<unknown> {
  for (;;) {
    await sleep(Math.max(quiet / 10, quiet - since()), undefined, { signal });
    if (since() < quiet) continue;
    const status = (await nomad.allocations(job)).find(({ ID }) => ID === id)?.ClientStatus;
    if (status === "lost" || status === "unknown" || status === undefined)
      return UserError.at(
        id.slice(0, 8),
        status === undefined
          ? "the allocation is gone, and nothing is known of its task"
          : `the allocation is ${status}: its node does not answer; cdk-nomad status ENV says what became of the job`,
        "task",
      );
    if (status !== "running" && status !== "pending") return ENDED;
    // It was asked just now; the next time is as far away.
    await sleep(quiet, undefined, { signal });
  }
}

/** Why there is no output, where Nomad answers that it is not there; undefined where it answers something else. */
function withoutOutput(error: unknown, { ID: id }: AllocationStub, task: string): UserError | undefined {
  if (!(error instanceof ApiError) || error.status !== 404) return undefined;
  const place = `${task} of allocation ${id.slice(0, 8)}`;
  if (/not started/i.test(error.body))
    return UserError.at(
      place,
      "has not started, so it wrote nothing; cdk-nomad status ENV says what is waited for",
      "task",
    );
  return UserError.at(
    place,
    `nothing of what it wrote is there any more: a node collects the files of what has ended, and sooner where it runs short of disk (Nomad: ${error.body.trim()}); what shall outlive it must be sent elsewhere`,
    "task",
  );
}

/** Says whose output this is, where others run the same task. */
function newestAmong(task: string, { ID: id }: AllocationStub, others: readonly AllocationStub[]): TerminalText {
  const named = others.slice(0, MOST_NAMED).map(({ ID }) => ID.slice(0, 8));
  const more = others.length > named.length ? `, and ${others.length - named.length} more` : "";
  return term`${ATTENTION} ${others.length + 1} allocations run ${task}; this is the newest, ${id.slice(0, 8)}: --alloc prints another (${named.join(", ")}${more})`;
}

const MOST_NAMED = 5;

/** What somebody wrote of the task that is meant. */
interface Meant {
  /** A task; or a job, a pool or an allocation. */
  readonly name: string;
  readonly job: string | undefined;
  /** The beginning of an allocation's id. */
  readonly alloc: string | undefined;
}

interface Found {
  readonly allocation: AllocationStub;
  readonly task: string;
  /** Other allocations that run it, among which nobody has chosen. */
  readonly others: readonly AllocationStub[];
}

/**
 * The newest allocation that a name means, a running one first, with its task: of a task; else of a job or a pool, as `status` shows it, or an
 * allocation, as `pool status` does.
 *
 * @throws UserError where there is none, or several are meant
 */
async function findTask(nomad: NomadClient, { name, job, alloc }: Meant): Promise<Found> {
  const everything = await nomad.allAllocations();
  const ofJobs = job === undefined ? everything : ofJob(job, everything);
  const all = alloc === undefined ? ofJobs : ofJobs.filter(({ ID }) => ID.startsWith(alloc));
  if (ofJobs.length > 0 && all.length === 0)
    throw UserError.at(
      "--alloc",
      `no allocation${job === undefined ? "" : ` of "${job}"`} has an id that begins with "${alloc}"`,
      "task",
    );
  // What was launched is found by its own id too, and there may be thousands of it.
  const ids = [...new Set(everything.map(({ JobID }) => parentOf(JobID) ?? JobID))];
  if (job !== undefined && ofJobs.length === 0 && everything.length > 0)
    throw UserError.at("--job", `no allocation is of a job "${job}"; ${namesToWrite(job, ids)}`, "job");
  const having = all.filter((allocation) => tasksOf(allocation).includes(name));
  if (having.length > 0) {
    const allocation = newestOf(name, having, job === undefined);
    return { allocation, task: name, others: othersThatRun(allocation, having) };
  }
  const meant = ofJob(name, all);
  const named = meant.length > 0 ? meant : all.filter(({ ID }) => /^[0-9a-f]{8}/.test(name) && ID.startsWith(name));
  if (named.length === 0)
    throw UserError.at(
      name,
      all.length > 0
        ? `no allocation has such a task, and no job is called so; ${namesToWrite(name, [...all.flatMap(tasksOf), ...ids].sort())}`
        : "nothing runs; deploy something first: cdk-nomad deploy dev",
      "task",
    );
  const allocation = newestOf(name, named, true);
  const [task, ...others] = new Set(runningOrAll(named).flatMap(tasksOf));
  if (task === undefined)
    throw UserError.at(name, "has no task that was started; cdk-nomad status ENV says why", "task");
  if (others.length === 0) return { allocation, task, others: othersThatRun(allocation, named) };
  const line = `cdk-nomad logs <task> --job ${shellQuoted(allocation.JobID)}`;
  throw UserError.at(name, `has several tasks; write ${line}, with one of ${[task, ...others].join(", ")}`, "task");
}

function tasksOf({ TaskStates }: AllocationStub): readonly string[] {
  return Object.keys(TaskStates ?? {});
}

function ofJob(name: string, all: readonly AllocationStub[]): readonly AllocationStub[] {
  const meant = jobsNamed(
    name,
    all.map(({ JobID }) => JobID),
  );
  return all.filter(({ JobID }) => meant.has(JobID));
}

/** Those beside one that run as it does; none where it has ended. */
function othersThatRun(chosen: AllocationStub, found: readonly AllocationStub[]): readonly AllocationStub[] {
  if (chosen.ClientStatus !== "running") return [];
  return found.filter(({ ID, ClientStatus }) => ID !== chosen.ID && ClientStatus === "running");
}

/** Those that run; all of them where none does. */
function runningOrAll(found: readonly AllocationStub[]): readonly AllocationStub[] {
  const running = found.filter(({ ClientStatus }) => ClientStatus === "running");
  return running.length > 0 ? running : found;
}

/**
 * The newest of some allocations, a running one first.
 *
 * @param ofOneJob whether those of several jobs are a mistake
 */
function newestOf(name: string, found: readonly AllocationStub[], ofOneJob: boolean): AllocationStub {
  const candidates = runningOrAll(found);
  const jobs = [...new Set(candidates.map(({ JobID }) => parentOf(JobID) ?? JobID))].sort();
  // Generations of one pool are one thing that changes.
  if (ofOneJob && jobs.length > 1 && ofJob(name, candidates).length === 0)
    throw UserError.at(name, `several jobs have such a task; write --job and one of ${jobs.join(", ")}`, "task");
  const [newest] = [...candidates].sort((a, b) => b.CreateTime - a.CreateTime);
  if (newest === undefined) throw new Error("there is no allocation among none");
  return newest;
}
