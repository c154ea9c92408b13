import { UserError } from "../../errors";
import { ConsulClient, consulConnection, type Environment } from "../../nomad";
import { WarmPoolJob } from "../jobs";
import { getNomadManager } from "../runtime";
import { ConsulStore } from "../store";
import { WarmPoolManager, type WarmPoolManagerOptions } from "./warm-pool-manager";

let manager: WarmPoolManager | undefined;

/**
 * The warm pools of this process, made at the first call; what is given later counts no more. It shares its connections to Nomad with
 * {@link getNomadManager}, since Nomad counts those of a process together.
 *
 * @param env WARM_POOL_DEPLOYED (`true`: the pools are used as somebody deployed them; `false`: this manager's own take their place; default: a pool that
 *   `cdk-nomad deploy`, Terraform or anybody else has deployed is used as it is, and what is missing is registered); WARM_POOL_OPENAI_SIZE, WARM_POOL_ANTHROPIC_SIZE and WARM_POOL_GOOGLE_SIZE (default: 10 each; 0 is none); CONSUL_HTTP_ADDR and the
 *   others of Consul's own command, and those of {@link getNomadManager}. Default: the environment of this process
 * @param options what it does otherwise than usual. Default: nothing
 * @throws UserError where a size is no whole number of 0 to 100, or WARM_POOL_DEPLOYED is neither `true` nor `false`
 */
export function getWarmPoolManager(
  env: Environment = process.env,
  options: Partial<WarmPoolManagerOptions> = {},
): WarmPoolManager {
  manager ??= new WarmPoolManager({
    sizes: WarmPoolJob.sizesFrom(env),
    deployed: isDeployed(env),
    ...options,
    nomad: options.nomad ?? getNomadManager(env).nomad,
    executor: options.executor ?? getNomadManager(env).executor,
    consul: options.consul ?? new ConsulClient(consulConnection(env)),
    store: options.store ?? new ConsulStore(consulConnection(env)),
  });
  return manager;
}

function isDeployed({ WARM_POOL_DEPLOYED: text }: Environment): boolean | undefined {
  if (text === undefined || text === "") return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw UserError.at(
    "WARM_POOL_DEPLOYED",
    `"${text}" is neither true nor false; write true, say`,
    "warm-pool/deployed",
  );
}
