import type { TerraformStack } from "cdktf";
import { NomadJob, RegionalJob, type Job, type PrismProps } from "../lib";
import type { ContainerChoice } from "./containers";
import type { EnvironmentSettings } from "./settings";

/** What a stack takes from where its program is run, passed in so that tests can say it. */
export interface ProgramInputs {
  /** PRISM_BIN_DIR. */
  readonly prismBinDir?: string;
  /** CDK_NOMAD_PORT_OFFSET. */
  readonly portOffset?: number;
  /** CDK_NOMAD_CLOSED: whether Nomad and Consul ask tasks for a token. Default: false */
  readonly closed?: boolean;
  /** The project's folder, where the cluster of `cdk-nomad start` and its tokens are. Default: the folder that the program runs in. */
  readonly project?: string;
  /** Images that the Docker of this machine has, by name and tag. Default: no Docker answers. */
  readonly dockerImages?: readonly string[];
  /** WARM_POOL_<PROVIDER>_SIZE, TERMINAL_NOMAD_… and CDK_NOMAD_CONTAINERS, by their names. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** What the workloads of an environment are made from. */
export interface Environment {
  readonly settings: EnvironmentSettings;
  readonly inputs: ProgramInputs;
  /** Added to every port. */
  readonly portOffset: number;
  /** What decides about the jobs whose execution is `auto`. */
  readonly containers: ContainerChoice;
}

/** The regions of an environment, as constructs take them. */
export function regionsOf({ settings: { regions } }: Environment): Pick<PrismProps, "regions" | "rendering"> {
  if (!regions) return {};
  const { list, maxParallel, onFailure, rendering } = regions;
  return { regions: { strategy: { maxParallel, onFailure }, regions: list }, rendering };
}

/** A job of the environment, in each of its regions. */
export function addJob(stack: TerraformStack, environment: Environment, id: string, job: Job): void {
  const { regions, rendering } = regionsOf(environment);
  if (regions) new RegionalJob(stack, id, { job, regions, rendering });
  else new NomadJob(stack, id, { job });
}
