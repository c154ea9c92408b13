import pLimit from "p-limit";
import { type Problem, RefusedByServer, UserError } from "../../errors";
import type { ConsulClient, NomadClient } from "../../nomad";
import type { StackContents, TerraformOnly, StackObject } from "../stack";
import { entryChange, keyChanges, type ConsulChange } from "./consul-changes";
import { lacksAllocations, planJob, type JobPlan, type Planned } from "./job-plan";
import type { Masking } from "../../masking";
import { findRevert, revertInWords } from "./reverts";
import { withReaders, withVariableReaders } from "./template-readers";
import type { TerraformChange } from "./terraform-plan";

/** Requests that a cluster is given at once. */
export const AT_ONCE = 8;

/** What would happen to a cluster, were a stack deployed now. */
export interface Preview {
  readonly environment: string;
  readonly jobs: readonly JobPlan[];
  readonly consul: readonly ConsulChange[];
  /** Jobs that the stack brought, and its program has no longer. Absent where nobody looked. */
  readonly strays?: readonly StrayPlan[];
  /** What the stack made in Consul, and its program has no longer. Absent where nobody looked. */
  readonly leftovers?: readonly LeftoverPlan[];
  /** Jobs of the program that another stack brought: a deployment refuses them. Absent where there are none, or nobody looked. */
  readonly foreign?: readonly ForeignPlan[];
  /** Why a deployment would be refused, as sentences. Absent where nobody looked; empty where nothing speaks against it. */
  readonly refused?: readonly string[];
  /** What is not known, and why, as sentences, where records cannot be read. Absent where all is known. */
  readonly unknown?: readonly string[];
  /** What a Terraform plan says of the rest; absent where none was given. */
  readonly terraform?: readonly TerraformChange[];
  /** What only Terraform brings, and nothing is known of here. */
  readonly terraformOnly: readonly TerraformOnly[];
}

/** What a deployment does with a job that the stack brought, and its program has no longer. */
export interface StrayPlan {
  readonly job: string;
  readonly region?: string;
  readonly namespace?: string;
  /** `stop`: a deployment stops it, once all else is healthy; `keep`: it stays. */
  readonly change: "stop" | "keep";
  /** Why it stays. */
  readonly reason?: string;
}

/** A job of the program that another stack brought. */
export interface ForeignPlan {
  readonly job: string;
  readonly region?: string;
  readonly namespace?: string;
  /** The stack that brought it, such as `staging`. */
  readonly owner: string;
}

/** What a deployment does with something that the stack made in Consul, and its program has no longer. */
export interface LeftoverPlan {
  /** `keys` for all keys below a prefix, else the kind of a configuration entry. */
  readonly kind: string;
  /** The prefix, or the entry's name. */
  readonly name: string;
  /** `remove`: a deployment removes it, once all else is healthy; `keep`: it stays. */
  readonly change: "remove" | "keep";
  /** Why it stays. */
  readonly reason?: string;
}

/** Which servers are asked, and what is hidden of what they say. */
export interface Clients {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** What the run hides, told of what the stack wants by {@link learnStack}. */
  readonly masking: Masking;
  readonly signal?: AbortSignal;
}

/**
 * Asks Nomad and Consul what a stack would change.
 *
 * @throws UserError with every job that the server refuses
 */
export async function previewStack(
  environment: string,
  contents: StackContents,
  clients: Clients,
  terraform?: readonly TerraformChange[],
): Promise<Preview> {
  const [planned, consul] = await Promise.all([
    planJobs(contents.objects, clients),
    consulChanges(contents.objects, clients),
  ]);
  const jobs = await withReverts(planned, clients);
  // What is not there yet reads the key as it is then.
  const there = planned.filter(({ plan }) => plan.change !== "create").map((item) => item.stackJob);
  return {
    environment,
    jobs,
    consul: withReaders(consul, there),
    ...(terraform ? { terraform: withVariableReaders(terraform, there) } : {}),
    terraformOnly: contents.terraformOnly,
  };
}

/** The plans of jobs; of those that were taken back to a version before, with a warning of what a deployment does then. */
async function withReverts(planned: readonly Planned[], { nomad, masking }: Clients): Promise<readonly JobPlan[]> {
  const limit = pLimit(AT_ONCE);
  return Promise.all(
    planned.map(({ plan, job }) =>
      limit(async () => {
        if (plan.change !== "update") return plan;
        const revert = await findRevert({ job, fields: plan.fields }, nomad, masking);
        if (!revert) return plan;
        const then = revert.again
          ? "the program says still what was taken back, and a deployment brings it again"
          : "a deployment brings what the program says now";
        return { ...plan, warnings: [...plan.warnings, `it was ${revertInWords(revert)}; ${then}`] };
      }),
    ),
  );
}

/**
 * The plans of all jobs of a stack, in its order.
 *
 * @throws UserError with every job that the server refuses
 */
export async function planJobs(
  objects: readonly StackObject[],
  { nomad, masking, signal }: Clients,
): Promise<readonly (Planned & { readonly stackJob: Extract<StackObject, { kind: "job" }> })[]> {
  const limit = pLimit(AT_ONCE);
  const refused: Problem[] = [];
  const plans = await Promise.all(
    objects
      .filter((item) => item.kind === "job")
      .map((item) =>
        limit(async () => {
          signal?.throwIfAborted();
          try {
            return [{ ...(await planJob(nomad, item, masking, signal)), stackJob: item }];
          } catch (error) {
            if (!(error instanceof RefusedByServer)) throw error;
            refused.push(...error.problems);
            return [];
          }
        }),
      ),
  );
  if (refused.length > 0) throw new UserError(refused);
  return plans.flat();
}

/** What a stack changes in Consul, with what stays. */
export async function consulChanges(
  objects: readonly StackObject[],
  { consul, masking }: Clients,
): Promise<readonly ConsulChange[]> {
  const limit = pLimit(AT_ONCE);
  const changes = await Promise.all(
    objects.map((item) =>
      limit(async () => {
        if (item.kind === "entry") return [await entryChange(consul, item, masking)];
        return item.kind === "keys" ? keyChanges(consul, item, masking) : [];
      }),
    ),
  );
  return changes.flat();
}

/** Whether anything would change. */
export function hasChanges({ jobs, consul, strays = [], leftovers = [], terraform = [] }: Preview): boolean {
  return (
    strays.some(({ change }) => change === "stop") ||
    leftovers.some(({ change }) => change === "remove") ||
    jobs.some((job) => job.change !== "none" || lacksAllocations(job)) ||
    consul.some(({ change }) => change !== "none") ||
    terraform.length > 0
  );
}
