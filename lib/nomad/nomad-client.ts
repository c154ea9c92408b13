import * as v from "valibot";
import {
  allocation,
  allocationCheck,
  allocationStub,
  deployment,
  deploymentUpdate,
  deregistration,
  evaluation,
  eventBatch,
  job,
  jobCounts,
  joined,
  jobSummary,
  list,
  mapOf,
  node,
  nodeAllocation,
  nodeStub,
  nothing,
  parsedJob,
  planResult,
  readAnswer,
  registration,
  restarted,
  stopped,
  submission,
  text,
  validation,
  variable,
  variableStub,
  versions,
  type Allocation,
  type AllocationCheck,
  type AllocationStub,
  type Deployment,
  type DeploymentUpdate,
  type Evaluation,
  type EventBatch,
  type JobCounts,
  type JobJson,
  type JobSummary,
  type JobVersions,
  type NodeAllocation,
  type NodeJson,
  type NodeStub,
  type PlanResult,
  type Registration,
  type Submission,
  type Validation,
  type Variable,
  type VariableStub,
} from "./answers";
import { ApiClient } from "./api-client";
import { apiPath } from "./api-path";
import { linesOf, textOf } from "./body";
import { ApiError, isConflict } from "./errors";
import { openExec, type ExecOptions, type ExecSession } from "./exec-session";
import { parseJson, type BlockingOptions } from "./http";

/** Nomad's event stream has a heartbeat every 30 s: two of them may get lost. */
const EVENT_SILENCE = 95_000;
/** A longer event is told without what is in it. */
const LONGEST_EVENT = 64 * 1024 * 1024;
const LARGEST_PAGE = 1024 * 1024;

/**
 * Nomad's HTTP API.
 *
 * @see https://developer.hashicorp.com/nomad/api-docs
 */
export class NomadClient extends ApiClient {
  /** The same cluster, in the region and namespace that a job names. */
  where(job: Readonly<Record<string, unknown>>): NomadClient {
    const query = whereOf(job);
    return Object.keys(query).length === 0 ? this : new NomadClient(this.http.with(query));
  }

  /** Every node. */
  async nodes(): Promise<readonly NodeStub[]> {
    return this.http.get(apiPath`/v1/nodes`, list(nodeStub));
  }

  /** A node with what it has. */
  async node(id: string): Promise<NodeJson> {
    return this.http.get(apiPath`/v1/node/${id}`, node);
  }

  /** The allocations of a node, of every namespace, with what they take. */
  async nodeAllocations(id: string): Promise<readonly NodeAllocation[]> {
    return this.http.get(apiPath`/v1/node/${id}/allocations`, list(nodeAllocation));
  }

  /** Nodes that answer. */
  async readyNodes(): Promise<readonly NodeStub[]> {
    return (await this.nodes()).filter(({ Status }) => Status === "ready");
  }

  /** Regions that this one knows, itself among them. */
  async regions(): Promise<readonly string[]> {
    return this.http.get(apiPath`/v1/regions`, list(text));
  }

  /** Makes a server of another region known. @param address its Serf address */
  async join(address: string): Promise<void> {
    await this.http.put(apiPath`/v1/agent/join`, joined, { query: { address } });
  }

  /**
   * Jobs of the namespace.
   *
   * @param prefix of their ids: `job/` before the ids of what was dispatched from a job, or launched by it. Default: all
   */
  async jobs(prefix?: string): Promise<readonly JobSummary[]> {
    return this.http.get(apiPath`/v1/jobs`, list(jobSummary), { query: { prefix } });
  }

  /** A job as the server holds it, or undefined. */
  async job(id: string): Promise<JobJson | undefined> {
    return this.http.find(apiPath`/v1/job/${id}`, job);
  }

  /** What a server says of a job, without registering it. */
  async validate(wanted: JobJson): Promise<Validation> {
    return this.http.put(apiPath`/v1/validate/job`, validation, { body: { Job: wanted } });
  }

  /**
   * Reads HCL into API JSON, with nothing filled in.
   *
   * @param variables values of the job's variables, in the form of a file of variables
   */
  async parse(hcl: string, variables = ""): Promise<unknown> {
    return this.http.post(apiPath`/v1/jobs/parse`, parsedJob, {
      body: { JobHCL: hcl, Variables: variables, Canonicalize: false },
    });
  }

  /** What was submitted for a version of a job, where the server kept it. */
  async submission(id: string, version: number): Promise<Submission | undefined> {
    return this.http.find(apiPath`/v1/job/${id}/submission`, submission, { query: { version } });
  }

  /** What a server would do with a job, without doing it. */
  async plan(wanted: JobJson, signal?: AbortSignal): Promise<PlanResult> {
    const path = apiPath`/v1/job/${wanted.ID}/plan`;
    return this.http.post(path, planResult, { body: { Job: wanted, Diff: true }, query: whereOf(wanted), signal });
  }

  /**
   * Registers a job.
   *
   * @param index the modify index that the job must have, 0 where there must be none; else whatever it has
   * @param options `source`: the text that the job was read from, as API JSON, which Nomad keeps beside the version as what was submitted.
   *   `preserveCounts`: whether groups that are there already keep the counts that they have when the server writes (from 1.11 on; older
   *   ones take them when they read the request). Default: false.
   * @see https://developer.hashicorp.com/nomad/api-docs/jobs#create-job
   */
  async register(
    wanted: JobJson,
    index?: number,
    { source, preserveCounts = false }: { readonly source?: string; readonly preserveCounts?: boolean } = {},
  ): Promise<Registration> {
    const check = index === undefined ? {} : { EnforceIndex: true, JobModifyIndex: index };
    const counts = preserveCounts ? { PreserveCounts: true } : {};
    const submission = source === undefined ? {} : { Submission: { Source: source, Format: "json" } };
    return this.http.put(apiPath`/v1/jobs`, registration, {
      body: { Job: wanted, ...check, ...counts, ...submission },
      query: whereOf(wanted),
    });
  }

  /**
   * Has the scheduler look at a job again.
   *
   * @param options `forceReschedule`: whether failed allocations are replaced now, where their group may be rescheduled at all
   * @see https://developer.hashicorp.com/nomad/api-docs/jobs#create-job-evaluation
   */
  async evaluate(id: string, options: { readonly forceReschedule: boolean }): Promise<Registration> {
    return this.http.post(apiPath`/v1/job/${id}/evaluate`, registration, {
      body: { JobID: id, EvalOptions: { ForceReschedule: options.forceReschedule } },
    });
  }

  /**
   * Its versions, the newest first.
   *
   * @param options `diffs`: whether also what changed from each to the one before. Default: true.
   */
  async versions(id: string, { diffs = true }: { readonly diffs?: boolean } = {}): Promise<JobVersions> {
    const found = await this.http.find(apiPath`/v1/job/${id}/versions`, versions, { query: { diffs } });
    return found ?? { Versions: [], Diffs: [] };
  }

  /**
   * Goes back to a version of a job.
   *
   * @param from the version that it must have now
   */
  async revert(id: string, to: number, from: number): Promise<Registration> {
    return this.http.put(apiPath`/v1/job/${id}/revert`, registration, {
      body: { JobID: id, JobVersion: to, EnforcePriorVersion: from },
    });
  }

  /** Lets the canaries of a deployment take the places of the old allocations. */
  async promote(id: string): Promise<DeploymentUpdate> {
    return this.http.put(apiPath`/v1/deployment/promote/${id}`, deploymentUpdate, {
      body: { DeploymentID: id, All: true },
    });
  }

  /** Ends a deployment as failed; a job with auto_revert goes back by itself. */
  async fail(id: string): Promise<DeploymentUpdate> {
    return this.http.put(apiPath`/v1/deployment/fail/${id}`, deploymentUpdate);
  }

  /** Stops a job, and forgets it where it is purged. */
  async deregister(id: string, options: { readonly purge?: boolean } = {}): Promise<{ readonly EvalID: string }> {
    return this.http.delete(apiPath`/v1/job/${id}`, deregistration, { query: { purge: options.purge ?? false } });
  }

  /** An evaluation, or undefined where the server knows none. */
  async evaluation(id: string): Promise<Evaluation | undefined> {
    return this.http.find(apiPath`/v1/evaluation/${id}`, evaluation);
  }

  /** What the scheduler made of the changes of a job, the newest first. */
  async evaluations(id: string): Promise<readonly Evaluation[]> {
    const found = await this.http.find(apiPath`/v1/job/${id}/evaluations`, list(evaluation));
    return [...(found ?? [])].sort((a, b) => b.CreateIndex - a.CreateIndex);
  }

  /** Its deployments, the newest first. */
  async deployments(id: string): Promise<readonly Deployment[]> {
    const found = await this.http.find(apiPath`/v1/job/${id}/deployments`, list(deployment));
    // The server lists them in the order of their ids, which says nothing.
    return [...(found ?? [])].sort((a, b) => b.CreateIndex - a.CreateIndex);
  }

  /** Allocations of a job. */
  async allocations(id: string): Promise<readonly AllocationStub[]> {
    return (await this.http.find(apiPath`/v1/job/${id}/allocations`, list(allocationStub))) ?? [];
  }

  /**
   * Allocations of a job, once something about one of them is newer than an index; none where there is no such job.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs#blocking-queries
   */
  async watchAllocations(
    id: string,
    options: BlockingOptions,
  ): Promise<{ readonly value: readonly AllocationStub[]; readonly index: number }> {
    return this.http.watch(apiPath`/v1/job/${id}/allocations`, list(allocationStub), options);
  }

  /** An allocation with its ports, or undefined. */
  async allocation(id: string): Promise<Allocation | undefined> {
    return this.http.find(apiPath`/v1/allocation/${id}`, allocation);
  }

  /**
   * Stops an allocation; the scheduler starts another in its place.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/allocations#stop-allocation
   */
  async stopAllocation(id: string): Promise<void> {
    await this.http.put(apiPath`/v1/allocation/${id}/stop`, stopped);
  }

  /**
   * Changes how many allocations a group of a job has. Where there are to be fewer, those whose names have the highest numbers end.
   *
   * @param options `index`: the modify index that the job must have; else whatever it has. `message`: why, which Nomad keeps
   * @returns the evaluation that does it; undefined where the job has another modify index than it must have
   * @see https://developer.hashicorp.com/nomad/api-docs/jobs#scale-task-group
   */
  async scale(
    id: string,
    group: string,
    count: number,
    { index, message }: { readonly index?: number; readonly message?: string } = {},
  ): Promise<Registration | undefined> {
    const body = { Count: count, Target: { Job: id, Group: group }, JobModifyIndex: index, Message: message };
    try {
      return await this.http.put(apiPath`/v1/job/${id}/scale`, registration, { body });
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  /**
   * Restarts every task of an allocation where it is, those among them that have ended.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/client#restart-allocation
   */
  async restartAllocation(id: string): Promise<void> {
    await this.http.put(apiPath`/v1/client/allocation/${id}/restart`, restarted, { body: { AllTasks: true } });
  }

  /** Allocations that a deployment placed. */
  async deploymentAllocations(id: string): Promise<readonly AllocationStub[]> {
    return (await this.http.find(apiPath`/v1/deployment/allocations/${id}`, list(allocationStub))) ?? [];
  }

  /**
   * What happens on the cluster, as it happens; a batch without events as soon as the stream is open, and every 30 seconds.
   *
   * @param index from where on; 0 for what happens from now on
   * @returns undefined in the place of events that are too long to be read
   * @see https://developer.hashicorp.com/nomad/api-docs/events
   */
  async *events(
    topics: readonly string[],
    index: number,
    signal: AbortSignal,
    silence = EVENT_SILENCE,
  ): AsyncGenerator<EventBatch | undefined> {
    const path = apiPath`/v1/event/stream`;
    const query = { topic: topics, ...(index > 0 ? { index } : {}) };
    const source = this.http.source("GET", path);
    for await (const line of linesOf(this.http.stream(path, { query, signal, silence }), LONGEST_EVENT))
      yield line === undefined ? undefined : readAnswer(eventBatch, parseJson(line, source), source);
  }

  /** How many allocations of each group of a job are in which state, or undefined. */
  async summary(id: string): Promise<JobCounts | undefined> {
    return this.http.find(apiPath`/v1/job/${id}/summary`, jobCounts);
  }

  /** Checks of Nomad's own services of an allocation, by their ids. */
  async allocationChecks(id: string): Promise<Readonly<Record<string, AllocationCheck>>> {
    return this.http.get(apiPath`/v1/client/allocation/${id}/checks`, mapOf(allocationCheck));
  }

  /** Every allocation of the namespace. */
  async allAllocations(): Promise<readonly AllocationStub[]> {
    return this.http.get(apiPath`/v1/allocations`, list(allocationStub), { query: { task_states: true } });
  }

  /** The output of a task, as it comes; it ends by itself unless it is followed. */
  logs(
    allocation: string,
    task: string,
    options: {
      readonly stream: "stdout" | "stderr";
      readonly follow?: boolean;
      readonly lastBytes?: number;
      readonly signal?: AbortSignal;
    },
  ): AsyncGenerator<Uint8Array> {
    const position =
      options.lastBytes === undefined ? { origin: "start", offset: 0 } : { origin: "end", offset: options.lastBytes };
    return this.http.stream(apiPath`/v1/client/fs/logs/${allocation}`, {
      query: { task, type: options.stream, plain: true, follow: options.follow ?? false, ...position },
      signal: options.signal,
      // A task that is followed may write nothing for hours, and the server says nothing meanwhile.
      ...(options.follow ? { silence: 0 } : {}),
    });
  }

  /**
   * The variables under a prefix, without what is in them, once something below it is newer than an index.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/variables/variables#list-variables
   */
  async watchVariables(
    prefix: string,
    options: BlockingOptions,
  ): Promise<{ readonly value: readonly VariableStub[]; readonly index: number }> {
    return this.http.watch(apiPath`/v1/vars`, list(variableStub), { ...options, query: { prefix } });
  }

  /** A variable with what is in it, or undefined. */
  async variable(path: string, signal?: AbortSignal): Promise<Variable | undefined> {
    return this.http.find(apiPath`/v1/var/${path}`, variable, { signal });
  }

  /**
   * Writes a variable, if it has the modify index that is named.
   *
   * @param index 0 where it must not be there
   * @returns the variable, or undefined where it has another modify index
   * @see https://developer.hashicorp.com/nomad/api-docs/variables/variables#create-variable
   */
  async setVariable(
    path: string,
    items: Readonly<Record<string, string>>,
    index: number,
    signal?: AbortSignal,
  ): Promise<VariableStub | undefined> {
    const answer = await this.http.putIf(apiPath`/v1/var/${path}`, variableStub, v.unknown(), {
      body: { Path: path, Items: items },
      query: { cas: index },
      signal,
    });
    return "value" in answer ? answer.value : undefined;
  }

  /** Removes a variable, if it has this modify index. @returns false where it has another */
  async deleteVariable(path: string, index: number, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.http.delete(apiPath`/v1/var/${path}`, nothing, { query: { cas: index }, signal });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return false;
      throw error;
    }
  }

  /**
   * Runs a command in a task of a running allocation, beside the task's own. Nomad writes the command with its arguments into its log, so
   * nothing secret belongs there. At most 40 sessions of a client are open at once, see {@link Connection.execs}; more wait for their turn.
   *
   * Closing the session ends no process.
   *
   * @param command a program and its arguments
   * @returns as soon as the connection stands; whether the command could be started is told by its exit code
   * @throws ApiError where the server refuses, UserError where the token may not (it needs alloc-exec), NoAnswerError where nobody answers
   * @see https://developer.hashicorp.com/nomad/api-docs/allocations#exec-allocation
   */
  async exec(
    allocation: string,
    task: string,
    command: readonly string[],
    options: ExecOptions = {},
  ): Promise<ExecSession> {
    return openExec(this.http, { allocation, task, command }, options);
  }

  /** Whether the agent has the web UI inside: one that was built from its sources alone has not. */
  async hasWebUi(signal?: AbortSignal): Promise<boolean> {
    const page = await textOf(this.http.stream(apiPath`/ui/`, { signal }), LARGEST_PAGE);
    return page.includes("ember");
  }
}

/** The region and the namespace that a job names, which it goes to; those that it does not name are left out. */
export function whereOf({ Region: region, Namespace: namespace }: Readonly<Record<string, unknown>>): {
  readonly region?: string;
  readonly namespace?: string;
} {
  return {
    ...(typeof region === "string" && region !== "" ? { region } : {}),
    ...(typeof namespace === "string" && namespace !== "" ? { namespace } : {}),
  };
}
