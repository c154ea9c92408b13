import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import {
  Polydev,
  PoolServiceJob,
  PROVIDERS,
  RuntimeJob,
  Secret,
  SERVICE_TOKENS,
  WarmPoolJob,
  type Provider,
} from "../lib";
import { addJob, regionsOf, type Environment } from "./environment";

/** The ports of a node's agents. */
const NOMAD_PORT = 4646;
const CONSUL_PORT = 8500;

/** Brings Polydev: the runtimes, the pools and the browsers, and the service that hands them out. */
export function addPolydev(stack: TerraformStack, environment: Environment): void {
  addService(stack, environment, pools(stack, environment));
}

function pools(stack: TerraformStack, environment: Environment): Polydev {
  const { settings, inputs, containers } = environment;
  const { execution, machine, warmPool, browsers, keysInVariables } = settings.polydev;
  const sizes = WarmPoolJob.sizesFrom(inputs.variables ?? {}, warmPool);
  const contained = (provider: Provider) => {
    if (execution !== "auto") return execution === "containers";
    const pool = sizes[provider] > 0 ? [new WarmPoolJob({ provider })] : [];
    // Both of a provider's jobs have the same image.
    return [RuntimeJob.dispatched({ provider }), ...pool].map((job) => containers.contained(job)).every(Boolean);
  };
  const keys = PROVIDERS.map(
    (provider) => [provider, Secret.fromNomadVariable(`nomad/jobs/runtime-${provider}`, "api_key")] as const,
  );
  return new Polydev(stack, "polydev", {
    execution: (provider) => (contained(provider) ? { kind: "docker" } : { kind: "raw_exec" }),
    machine: { kind: machine },
    warmPools: sizes,
    browsers,
    portOffset: environment.portOffset,
    apiKeys: keysInVariables ? Object.fromEntries(keys) : {},
    datacenters: settings.datacenters,
    ...regionsOf(environment),
  });
}

/** The service of Polydev's pools; an environment without pools has none. */
function addService(stack: TerraformStack, environment: Environment, { pools }: Polydev): void {
  const { settings, inputs, containers, portOffset } = environment;
  const { service, datacenters } = settings;
  if (pools.length === 0) return;
  const given = {
    pools: pools.map(({ pool }) => pool),
    port: PoolServiceJob.PORT + portOffset,
    listen: service.reachable === "loopback" ? "127.0.0.1" : "0.0.0.0",
    nomadAddress: `http://127.0.0.1:${NOMAD_PORT + portOffset}`,
    consulAddress: `http://127.0.0.1:${CONSUL_PORT + portOffset}`,
    consulIdentity: inputs.closed,
    runtime: pools.every(({ contained }) => contained) ? ("docker" as const) : ("raw_exec" as const),
    datacenters,
    ...(service.tokens === "project" ? { tokens: { file: tokensOf(environment) } } : {}),
  };
  const inContainer = new PoolServiceJob(given);
  const contained =
    service.execution === "auto" ? containers.contained(inContainer) : service.execution === "container";
  const job = contained ? inContainer : new PoolServiceJob({ ...given, execution: { kind: "raw_exec" } });
  addJob(stack, environment, job.id, job);
}

/** The file that `cdk-nomad start` writes. */
function tokensOf({ inputs }: Environment): string {
  return join(inputs.project ?? process.cwd(), SERVICE_TOKENS);
}
