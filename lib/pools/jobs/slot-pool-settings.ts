import { UserError } from "../../errors";

/** What runs the sandboxes of a slot pool. */
const DRIVERS = ["docker", "singularity", "raw_exec"] as const;

/** Settings of a slot pool, as Hermes' environment variables say them. */
export interface SlotPoolSettings {
  /** Where Nomad is. Default: http://localhost:4646, as Hermes has it. */
  readonly address: string;
  /** The job's id. Default: `hermes-sandbox`. */
  readonly jobId: string;
  /** What runs the sandboxes. */
  readonly driver: (typeof DRIVERS)[number];
  /** Default: `hermes-sandbox:local`. */
  readonly image?: string;
  /** The image that `apptainer exec` runs, with `raw_exec` and `singularity`. Default: none. */
  readonly apptainerImage?: string;
  /** Slots of each sandbox. Default: 10. */
  readonly slots: number;
  /** The fewest sandboxes. Default: 1. */
  readonly min: number;
  /** The most sandboxes. Default: 10. */
  readonly max: number;
  /** Whether Docker gives the container every right: bubblewrap needs it there. Default: false. */
  readonly privileged: boolean;
  /** The port of the node, outside of Docker; then one sandbox fits on a node. Default: one that Nomad chooses. */
  readonly port?: number;
}

/** Hermes' environment variables that decide what the job of a slot pool is. */
export const SLOT_POOL_VARIABLES = [
  "TERMINAL_NOMAD_APPTAINER_IMAGE",
  "TERMINAL_NOMAD_DRIVER",
  "TERMINAL_NOMAD_IMAGE",
  "TERMINAL_NOMAD_JOB_ID",
  "TERMINAL_NOMAD_MAX",
  "TERMINAL_NOMAD_MIN",
  "TERMINAL_NOMAD_PRIVILEGED",
  "TERMINAL_NOMAD_RAW_EXEC_PORT",
  "TERMINAL_NOMAD_SLOTS",
] as const;

/**
 * What TERMINAL_NOMAD_ADDRESS, …_JOB_ID, …_IMAGE, …_DRIVER, …_SLOTS, …_MIN, …_MAX, …_PRIVILEGED, …_RAW_EXEC_PORT and …_APPTAINER_IMAGE say.
 *
 * @throws UserError with every one that cannot be meant
 */
export function slotPoolSettings(env: Readonly<Record<string, string | undefined>>): SlotPoolSettings {
  const problems: UserError["problems"][number][] = [];
  const wrong = (name: string, message: string) =>
    problems.push({ rule: "slot-pool/setting", path: [name], message, severity: "error" });
  const given = (name: string) => env[name] || undefined;
  const number = (name: string, usual: number, least: number, most = 99_999): number => {
    const text = given(name);
    if (text === undefined) return usual;
    const value = Number(text);
    if (!/^\d{1,5}$/.test(text) || value < least)
      wrong(name, `"${text}" is no whole number of ${least} or more; write ${usual}, say`);
    else if (value > most) wrong(name, `"${text}" is more than ${most}; write ${usual}, say`);
    return value;
  };
  const driver = DRIVERS.find((known) => known === (given("TERMINAL_NOMAD_DRIVER") ?? "docker"));
  if (driver === undefined)
    wrong(
      "TERMINAL_NOMAD_DRIVER",
      `"${env.TERMINAL_NOMAD_DRIVER}" is not known; write docker, singularity or raw_exec`,
    );
  const address = given("TERMINAL_NOMAD_ADDRESS") ?? "http://localhost:4646";
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    wrong("TERMINAL_NOMAD_ADDRESS", `"${address}" is no address; write http://localhost:4646, say`);
  const privileged = (given("TERMINAL_NOMAD_PRIVILEGED") ?? "false").toLowerCase();
  if (!["true", "false", "1", "0", "yes", "no"].includes(privileged))
    wrong("TERMINAL_NOMAD_PRIVILEGED", `"${env.TERMINAL_NOMAD_PRIVILEGED}" is neither; write true or false`);
  const settings: SlotPoolSettings = {
    address,
    jobId: given("TERMINAL_NOMAD_JOB_ID") ?? "hermes-sandbox",
    driver: driver ?? "docker",
    image: given("TERMINAL_NOMAD_IMAGE"),
    apptainerImage: given("TERMINAL_NOMAD_APPTAINER_IMAGE"),
    // The most that a sandbox server has.
    slots: number("TERMINAL_NOMAD_SLOTS", 10, 1, 256),
    min: number("TERMINAL_NOMAD_MIN", 1, 0),
    max: number("TERMINAL_NOMAD_MAX", 10, 1),
    privileged: ["true", "1", "yes"].includes(privileged),
    port: given("TERMINAL_NOMAD_RAW_EXEC_PORT") ? number("TERMINAL_NOMAD_RAW_EXEC_PORT", 8080, 1, 65_535) : undefined,
  };
  if (settings.max < settings.min)
    wrong(
      "TERMINAL_NOMAD_MAX",
      `${settings.max} is less than TERMINAL_NOMAD_MIN, ${settings.min}; write ${settings.min} or more`,
    );
  if (problems.length > 0) throw new UserError(problems);
  return settings;
}
