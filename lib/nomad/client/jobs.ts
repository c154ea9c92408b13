import {
  deregistration,
  job,
  jobCounts,
  jobSummary,
  list,
  parsedJob,
  planResult,
  registration,
  submission,
  validation,
  versions,
  type JobCounts,
  type JobJson,
  type JobSummary,
  type JobVersions,
  type PlanResult,
  type Registration,
  type Submission,
  type Validation,
} from "../answers";
import { DeploymentRequests } from "./deployments";
import { apiPath } from "../api-path";
import { isConflict } from "../errors";
import { whereOf } from "./where";

/** Jobs: read, judged, registered, scaled and stopped. */
export abstract class JobRequests extends DeploymentRequests {
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
    return this.http.put(apiPath`/v1/validate/job`, validation, { body: { Job: wanted }, changesNothing: true });
  }

  /**
   * Reads HCL into API JSON, with nothing filled in.
   *
   * @param variables values of the job's variables, in the form of a file of variables
   */
  async parse(hcl: string, variables = ""): Promise<JobJson> {
    return this.http.post(apiPath`/v1/jobs/parse`, parsedJob, {
      body: { JobHCL: hcl, Variables: variables, Canonicalize: false },
      changesNothing: true,
    });
  }

  /** What was submitted for a version of a job, where the server kept it. */
  async submission(id: string, version: number): Promise<Submission | undefined> {
    return this.http.find(apiPath`/v1/job/${id}/submission`, submission, { query: { version } });
  }

  /** What a server would do with a job, without doing it. */
  async plan(wanted: JobJson, signal?: AbortSignal): Promise<PlanResult> {
    const path = apiPath`/v1/job/${wanted.ID}/plan`;
    const body = { Job: wanted, Diff: true };
    return this.http.post(path, planResult, { body, query: whereOf(wanted), signal, changesNothing: true });
  }

  /**
   * Registers a job.
   *
   * @param index the modify index that the job must have, 0 where there must be none; else whatever it has
   * @param options `source`: the text that the job was read from, as API JSON, which Nomad keeps beside the version as what was submitted.
   *   `variables`: values that are kept with it.
   *   `preserveCounts`: whether groups that are there already keep the counts that they have when the server writes (from 1.11 on; older
   *   ones take them when they read the request). Default: false.
   * @see https://developer.hashicorp.com/nomad/api-docs/jobs#create-job
   */
  async register(
    wanted: JobJson,
    index?: number,
    {
      source,
      variables,
      preserveCounts = false,
    }: {
      readonly source?: string;
      readonly variables?: Readonly<Record<string, string>>;
      readonly preserveCounts?: boolean;
    } = {},
  ): Promise<Registration> {
    const check = index === undefined ? {} : { EnforceIndex: true, JobModifyIndex: index };
    const counts = preserveCounts ? { PreserveCounts: true } : {};
    const flags = variables ? { VariableFlags: variables } : {};
    const submission = source === undefined ? {} : { Submission: { Source: source, Format: "json", ...flags } };
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

  /** Stops a job, and forgets it where it is purged. */
  async deregister(id: string, options: { readonly purge?: boolean } = {}): Promise<{ readonly EvalID: string }> {
    return this.http.delete(apiPath`/v1/job/${id}`, deregistration, { query: { purge: options.purge ?? false } });
  }

  /** How many allocations of each group of a job are in which state, or undefined. */
  async summary(id: string): Promise<JobCounts | undefined> {
    return this.http.find(apiPath`/v1/job/${id}/summary`, jobCounts);
  }
}
