import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../jobspec";
import { ApiError, type AllocationStub, type NomadClient } from "../../nomad";
import { term } from "../../text";
import { argument, command, flag, value } from "../command";
import { clients, localCluster } from "../context";
import { EXIT } from "../exit-codes";
import { ATTENTION } from "../signs";
import { outputOfEnded, whyPerhapsLost } from "../ended-output";
import { TaskOutput } from "../task-output";

/** Prints what a task wrote; with `-f` as it writes. */
export const logs = command({
  name: "logs",
  summary: "print what a task wrote",
  arguments: { task: argument("the task's name") },
  options: {
    follow: flag("go on as it writes", { short: "-f" }),
    stderr: flag("only its stderr"),
    job: value("id", "the job, where several have such a task"),
  },
  examples: ["cdk-nomad logs prism-admin", "cdk-nomad logs pattern-launcher -f"],
  exitCodes: { [EXIT.ok]: "all of it is printed" },
  interrupted: term`the task goes on`,
  async run({ task, follow, stderr, job }, context) {
    const { terminal, clock, silence = QUIET } = context;
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const { nomad, consul } = clients(context, localCluster(context).cluster);
    try {
      terminal.progress().step(`looking for ${task} at ${nomad.address}`);
      const allocation = await findTask(nomad, task, job);
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
          }
          output.end();
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
  },
});

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
          : `the allocation is ${status}: its node does not answer; cdk-nomad status says what became of the job`,
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
      "has not started, so it wrote nothing; cdk-nomad status says what is waited for",
      "task",
    );
  return UserError.at(
    place,
    `nothing of what it wrote is there any more: a node collects the files of what has ended, and sooner where it runs short of disk (Nomad: ${error.body.trim()}); what shall outlive it must be sent elsewhere`,
    "task",
  );
}

/**
 * The newest allocation that has this task; a running one first.
 *
 * @throws UserError where none has it, or those of several jobs do and none of these is the only one that runs
 */
async function findTask(nomad: NomadClient, task: string, job: string | undefined): Promise<AllocationStub> {
  const all = (await nomad.allAllocations()).filter(
    ({ JobID }) => job === undefined || JobID === job || parentOf(JobID) === job,
  );
  const having = all.filter((allocation) => Object.hasOwn(allocation.TaskStates ?? {}, task));
  const running = having.filter(({ ClientStatus }) => ClientStatus === "running");
  const candidates = running.length > 0 ? running : having;
  const jobs = [...new Set(candidates.map(({ JobID }) => parentOf(JobID)))].sort();
  if (job === undefined && jobs.length > 1)
    throw UserError.at(task, `several jobs have such a task; write --job and one of ${jobs.join(", ")}`, "task");
  const found = candidates.sort((a, b) => b.CreateTime - a.CreateTime)[0];
  if (found) return found;
  const names = [...new Set(all.flatMap((allocation) => Object.keys(allocation.TaskStates ?? {})))].sort();
  throw UserError.at(
    task,
    names.length > 0
      ? `no allocation has such a task; write one of ${names.join(", ")}`
      : "nothing runs; deploy something first: cdk-nomad deploy dev",
    "task",
  );
}

/** The job that launched one, where its id says so: children are called `job/periodic-…` and `job/dispatch-…`. */
function parentOf(id: string): string {
  return id.replace(/\/(?:periodic|dispatch)-[^/]*$/, "");
}
