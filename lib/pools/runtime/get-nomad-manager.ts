import { NomadClient, nomadConnection, type Environment } from "../../nomad";
import { NomadExecutor } from "../execution";
import { NomadManager, type NomadManagerOptions } from "./nomad-manager";

let manager: NomadManager | undefined;

/**
 * The manager of this process, made at the first call; what is given later counts no more.
 *
 * @param env NOMAD_ADDR (default http://127.0.0.1:4646), NOMAD_REGION, NOMAD_TOKEN and the others of Nomad's own command; NOMAD_DATACENTER, the
 *   datacenter of the jobs (default: any). Default: the environment of this process
 * @param options what it does otherwise than usual. Default: nothing
 */
export function getNomadManager(
  env: Environment = process.env,
  options: Partial<NomadManagerOptions> = {},
): NomadManager {
  manager ??= nomadManagerFrom(env, options);
  return manager;
}

/** A manager for the cluster that an environment names. */
export function nomadManagerFrom(env: Environment, options: Partial<NomadManagerOptions> = {}): NomadManager {
  const nomad = options.nomad ?? new NomadClient(nomadConnection(env));
  const executor = options.executor ?? new NomadExecutor(nomad);
  return new NomadManager({ datacenter: env.NOMAD_DATACENTER || undefined, ...options, nomad, executor });
}
