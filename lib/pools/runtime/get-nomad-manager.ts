import { UserError } from "../../errors";
import { NomadClient, nomadConnection, type Environment } from "../../nomad";
import { NomadExecutor } from "../execution";
import { DRIVERS, type Execution } from "../jobs";
import { NomadManager, type NomadManagerOptions } from "./nomad-manager";

let manager: NomadManager | undefined;

/**
 * The manager of this process, made at the first call; what is given later counts no more.
 *
 * @param env NOMAD_ADDR (default http://127.0.0.1:4646), NOMAD_REGION, NOMAD_TOKEN and the others of Nomad's own command; NOMAD_DATACENTER, the
 *   datacenter of the jobs (default: any); RUNTIME_DRIVER, `docker`, `exec` or `raw_exec`, which runs the commands of runtime jobs (default: docker).
 *   Default: the environment of this process
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
function nomadManagerFrom(env: Environment, options: Partial<NomadManagerOptions> = {}): NomadManager {
  const nomad = options.nomad ?? new NomadClient(nomadConnection(env));
  const executor = options.executor ?? new NomadExecutor(nomad);
  const execution = executionFrom(env.RUNTIME_DRIVER);
  return new NomadManager({ execution, datacenter: env.NOMAD_DATACENTER || undefined, ...options, nomad, executor });
}

function executionFrom(driver: string | undefined): Execution | undefined {
  if (driver === undefined || driver === "") return undefined;
  const kind = DRIVERS.find((known) => known === driver);
  if (kind) return { kind };
  throw UserError.at(
    "RUNTIME_DRIVER",
    `"${driver}" is not known; write one of ${DRIVERS.join(", ")}`,
    "runtime/driver",
  );
}
