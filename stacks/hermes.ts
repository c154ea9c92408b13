import type { TerraformStack } from "cdktf";
import { SlotPoolJob } from "../lib";
import { addJob, type Environment } from "./environment";
import type { EnvironmentSettings } from "./settings";

type DriverSetting = EnvironmentSettings["hermes"]["driver"];

/** Brings the slot pool of Hermes. */
export function addHermes(stack: TerraformStack, environment: Environment): void {
  const { slots, min, max, driver } = environment.settings.hermes;
  const given = environment.inputs.variables ?? {};
  const variables = {
    TERMINAL_NOMAD_SLOTS: String(slots),
    TERMINAL_NOMAD_MIN: String(min),
    TERMINAL_NOMAD_MAX: String(max),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== "")),
  };
  const job = slotPool(environment, variables, given.TERMINAL_NOMAD_DRIVER ? undefined : driver);
  addJob(stack, environment, job.pool, job);
}

function slotPool(
  { settings, containers }: Environment,
  variables: Readonly<Record<string, string | undefined>>,
  driver: DriverSetting | undefined,
): SlotPoolJob {
  const { datacenters, hermes } = settings;
  const withDriver = (own: Exclude<typeof driver, "auto">) =>
    SlotPoolJob.fromEnvironment(variables, {
      datacenters,
      isolation: hermes.isolation,
      ...(own ? { driver: own } : {}),
    });
  if (driver !== "auto") return withDriver(driver);
  const inDocker = withDriver("docker");
  return containers.contained(inDocker) ? inDocker : withDriver("raw_exec");
}
