import { ApiClient } from "./api-client";
import type { RequestOptions } from "./http";
import type {
  AllocatedResources,
  AllocationCheck,
  AllocationStub,
  Deployment,
  Evaluation,
  EventBatch,
  JobCounts,
  JobDiff,
  JobSummary,
  NodeJson,
  NodeStub,
  PlanResult,
  Registration,
  Submission,
} from "./types";

/** A job as it is registered: API JSON without the outer key. */
export type JobJson = Readonly<Record<string, unknown>> & { readonly ID: string };

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
    return this.http.get("/v1/nodes");
  }

  /** A node with what it has. */
  async node(id: string): Promise<NodeJson> {
    return this.http.get(`/v1/node/${id}`);
  }

  /** The allocations of a node, of every namespace, with what they take. */
  async nodeAllocations(id: string): Promise<
    readonly (Pick<AllocationStub, "ID" | "JobID" | "ClientStatus"> & {
      readonly AllocatedResources: AllocatedResources | null;
    })[]
  > {
    return this.http.get(`/v1/node/${id}/allocations`);
  }

  /** Nodes that answer. */
  async readyNodes(): Promise<readonly NodeStub[]> {
    return (await this.nodes()).filter(({ Status }) => Status === "ready");
  }

  /** Regions that this one knows, itself among them. */
  async regions(): Promise<readonly string[]> {
    return this.http.get("/v1/regions");
  }

  /** Makes a server of another region known. @param address its Serf address */
  async join(address: string): Promise<void> {
    await this.http.put("/v1/agent/join", { query: { address } });
  }

  /** Jobs of the namespace. */
  async jobs(): Promise<readonly JobSummary[]> {
    return this.http.get("/v1/jobs");
  }

  /** A job as the server holds it, or undefined. */
  async job(id: string): Promise<JobJson | undefined> {
    return this.http.find(`/v1/job/${encodeURIComponent(id)}`);
  }

  /** What a server says of a job, without registering it. */
  async validate(job: JobJson): Promise<{
    readonly ValidationErrors: readonly string[] | null;
    readonly Error: string;
    readonly Warnings: string;
  }> {
    return this.http.put("/v1/validate/job", { body: { Job: job } });
  }

  /**
   * Reads HCL into API JSON, with nothing filled in.
   *
   * @param variables values of the job's variables, in the form of a file of variables
   */
  async parse(hcl: string, variables = ""): Promise<unknown> {
    return this.http.post("/v1/jobs/parse", { body: { JobHCL: hcl, Variables: variables, Canonicalize: false } });
  }

  /** What was submitted for a version of a job, where the server kept it. */
  async submission(id: string, version: number): Promise<Submission | undefined> {
    return this.http.find(`/v1/job/${encodeURIComponent(id)}/submission`, { query: { version } });
  }

  /** What a server would do with a job, without doing it. */
  async plan(job: JobJson, signal?: AbortSignal): Promise<PlanResult> {
    const path = `/v1/job/${encodeURIComponent(job.ID)}/plan`;
    return this.http.post(path, { body: { Job: job, Diff: true }, query: whereOf(job), signal });
  }

  /**
   * Registers a job.
   *
   * @param index the modify index that the job must have, 0 where there must be none; else whatever it has
   */
  async register(job: JobJson, index?: number): Promise<Registration> {
    const check = index === undefined ? {} : { EnforceIndex: true, JobModifyIndex: index };
    return this.http.put("/v1/jobs", { body: { Job: job, ...check }, query: whereOf(job) });
  }

  /** Its versions, the newest first, and what changed from each to the one before. */
  async versions(
    id: string,
  ): Promise<{ readonly Versions: readonly JobJson[]; readonly Diffs: readonly JobDiff[] | null }> {
    return (
      (await this.http.find(`/v1/job/${encodeURIComponent(id)}/versions`, { query: { diffs: true } })) ?? {
        Versions: [],
        Diffs: null,
      }
    );
  }

  /**
   * Goes back to a version of a job.
   *
   * @param from the version that it must have now
   */
  async revert(id: string, to: number, from: number): Promise<Registration> {
    return this.http.put(`/v1/job/${encodeURIComponent(id)}/revert`, {
      body: { JobID: id, JobVersion: to, EnforcePriorVersion: from },
    });
  }

  /** Lets the canaries of a deployment take the places of the old allocations. */
  async promote(deployment: string): Promise<{ readonly EvalID: string }> {
    return this.http.put(`/v1/deployment/promote/${deployment}`, { body: { DeploymentID: deployment, All: true } });
  }

  /** Ends a deployment as failed; a job with auto_revert goes back by itself. */
  async fail(deployment: string): Promise<{ readonly EvalID: string; readonly RevertedJobVersion: number | null }> {
    return this.http.put(`/v1/deployment/fail/${deployment}`);
  }

  /** Stops a job, and forgets it where it is purged. */
  async deregister(id: string, options: { readonly purge?: boolean } = {}): Promise<{ readonly EvalID: string }> {
    return this.http.delete(`/v1/job/${encodeURIComponent(id)}`, { query: { purge: options.purge ?? false } });
  }

  /** An evaluation, or undefined where the server knows none. */
  async evaluation(id: string): Promise<Evaluation | undefined> {
    return this.http.find(`/v1/evaluation/${id}`);
  }

  /** Its deployments, the newest first. */
  async deployments(job: string): Promise<readonly Deployment[]> {
    const found = await this.http.find<readonly Deployment[]>(`/v1/job/${encodeURIComponent(job)}/deployments`);
    // The server lists them in the order of their ids, which says nothing.
    return [...(found ?? [])].sort((a, b) => b.CreateIndex - a.CreateIndex);
  }

  /** A deployment; with `index` and `wait`, answered once it has changed. */
  async deployment(id: string, options: RequestOptions = {}): Promise<Deployment> {
    return this.http.get(`/v1/deployment/${id}`, options);
  }

  /** Allocations of a job. */
  async allocations(job: string): Promise<readonly AllocationStub[]> {
    return (await this.http.find(`/v1/job/${encodeURIComponent(job)}/allocations`)) ?? [];
  }

  /** Allocations that a deployment placed. */
  async deploymentAllocations(id: string): Promise<readonly AllocationStub[]> {
    return (await this.http.find(`/v1/deployment/allocations/${id}`)) ?? [];
  }

  /**
   * What happens on the cluster, as it happens; a batch without events every ten seconds.
   *
   * @param index from where on; 0 for what happens from now on
   * @see https://developer.hashicorp.com/nomad/api-docs/events
   */
  async *events(topics: readonly string[], index: number, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const query = { topic: topics, ...(index > 0 ? { index } : {}) };
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.http.stream("/v1/event/stream", { query, signal })) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield JSON.parse(line) as EventBatch;
    }
  }

  /** How many allocations of each group of a job are in which state, or undefined. */
  async summary(id: string): Promise<JobCounts | undefined> {
    return this.http.find(`/v1/job/${encodeURIComponent(id)}/summary`);
  }

  /** Checks of Nomad's own services of an allocation, by their ids. */
  async allocationChecks(id: string): Promise<Readonly<Record<string, AllocationCheck>>> {
    return this.http.get(`/v1/client/allocation/${id}/checks`);
  }

  /** Every allocation of the namespace. */
  async allAllocations(): Promise<readonly AllocationStub[]> {
    return this.http.get("/v1/allocations", { query: { task_states: true } });
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
    return this.http.stream(`/v1/client/fs/logs/${allocation}`, {
      query: { task, type: options.stream, plain: true, follow: options.follow ?? false, ...position },
      signal: options.signal,
    });
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
