import type { JobJson } from "../../../lib/nomad";
import type { Agents, Json } from "../agents";
import { Recording, type Answer, type Server } from "../recording";

/** What states are recorded with. */
export interface RecordContext {
  readonly agents: Agents;
  /** The Nomad of the region west. */
  readonly nomad: Server;
  readonly consul: Server;
}

interface EvaluationJson {
  readonly ID: string;
  readonly Status: string;
  readonly BlockedEval?: string;
  readonly FailedTGAllocs?: Json | null;
}
interface DeploymentJson {
  readonly ID: string;
  readonly JobVersion: number;
  readonly Status: string;
  readonly StatusDescription: string;
  readonly TaskGroups: Readonly<Record<string, { readonly HealthyAllocs: number; readonly DesiredCanaries: number }>>;
}
interface AllocationJson {
  readonly ID: string;
  readonly NodeID: string;
  readonly ClientStatus: string;
  readonly DesiredStatus: string;
  readonly TaskStates: Readonly<
    Record<string, { readonly Events: readonly { readonly Type: string }[] | null }>
  > | null;
}

/** The steps that most states take. */
export class Steps {
  constructor(readonly context: RecordContext) {}

  get nomad(): Server {
    return this.context.nomad;
  }

  recording(name: string, about: string): Recording {
    return new Recording(name, about, this.context.agents.folder);
  }

  /** Registers, and keeps the answer. */
  async register(recording: Recording | undefined, job: JobJson): Promise<Answer> {
    const answer = await this.nomad.ask(
      "PUT",
      "/v1/jobs",
      { Job: job, Submission: { Source: JSON.stringify(job), Format: "json" } },
      200,
    );
    recording?.keep("PUT /v1/jobs", answer);
    const { EvalID } = answer.body as { EvalID: string };
    if (EvalID !== "")
      await this.nomad.until<EvaluationJson>(
        `the evaluation of ${job.ID}`,
        `/v1/evaluation/${EvalID}`,
        ({ Status }) => Status !== "pending",
      );
    return answer;
  }

  /** Waits until the deployment of a version is in a status. */
  async deployment(id: string, version: number, status: string): Promise<DeploymentJson> {
    const is = ({ JobVersion, Status }: DeploymentJson) => JobVersion === version && Status === status;
    const all = await this.nomad.until<readonly DeploymentJson[]>(
      `the deployment of version ${version} of ${id} is ${status}`,
      `/v1/job/${encodeURIComponent(id)}/deployments`,
      (deployments) => deployments.some(is),
    );
    const found = all.find(is);
    if (!found) throw new Error(`no deployment of ${id}`);
    return found;
  }

  /** Waits until its deployment has healthy canaries. */
  async canaries(id: string, version: number): Promise<DeploymentJson> {
    await this.nomad.until<readonly DeploymentJson[]>(
      `healthy canaries of ${id}`,
      `/v1/job/${id}/deployments`,
      (deployments) =>
        deployments.some(
          ({ JobVersion, TaskGroups }) =>
            JobVersion === version &&
            Object.values(TaskGroups).every(({ HealthyAllocs, DesiredCanaries }) => HealthyAllocs >= DesiredCanaries),
        ),
    );
    return this.deployment(id, version, "running");
  }

  /** Waits until allocations of a job are as they shall be. */
  async allocations(
    id: string,
    what: string,
    holds: (all: readonly AllocationJson[]) => boolean,
  ): Promise<readonly AllocationJson[]> {
    return this.nomad.until(`${what} of ${id}`, `/v1/job/${encodeURIComponent(id)}/allocations`, holds);
  }

  async running(id: string, count = 1): Promise<readonly AllocationJson[]> {
    return this.allocations(
      id,
      `${count} running allocations`,
      (all) => all.filter(({ ClientStatus }) => ClientStatus === "running").length >= count,
    );
  }

  /** Waits until no evaluation of a job is pending. */
  async settled(id: string): Promise<void> {
    await this.nomad.until<readonly EvaluationJson[]>(
      `settled evaluations of ${id}`,
      `/v1/job/${id}/evaluations`,
      (all) => all.length > 0 && all.every(({ Status }) => Status !== "pending"),
    );
  }

  /** Forgets a job with all that is left of it. */
  async purge(id: string): Promise<void> {
    const allocations = `/v1/job/${encodeURIComponent(id)}/allocations`;
    await this.nomad.ask("DELETE", `/v1/job/${encodeURIComponent(id)}?purge=true`);
    await this.nomad.until<readonly AllocationJson[]>(`the end of ${id}`, allocations, (all) =>
      all.every(({ ClientStatus }) => !["running", "pending"].includes(ClientStatus)),
    );
    await this.nomad.ask("PUT", "/v1/system/gc", undefined, 200);
    await this.nomad.until<readonly unknown[]>(`nothing of ${id}`, allocations, (all) => all.length === 0);
  }
}
