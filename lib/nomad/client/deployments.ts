import {
  allocationStub,
  deployment,
  deploymentUpdate,
  evaluation,
  list,
  type AllocationStub,
  type Deployment,
  type DeploymentUpdate,
  type Evaluation,
} from "../answers";
import { AllocationRequests, dated, type DatedAllocations } from "./allocations";
import { apiPath } from "../api-path";

/** Evaluations and deployments: what the scheduler made of the changes of a job. */
export abstract class DeploymentRequests extends AllocationRequests {
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

  /** Allocations that a deployment placed. */
  async deploymentAllocations(id: string): Promise<readonly AllocationStub[]> {
    return (await this.datedDeploymentAllocations(id)).allocations;
  }

  /** Allocations that a deployment placed, with when that was by the server's own clock. */
  async datedDeploymentAllocations(id: string): Promise<DatedAllocations> {
    return dated(await this.http.findDated(apiPath`/v1/deployment/allocations/${id}`, list(allocationStub)));
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
}
