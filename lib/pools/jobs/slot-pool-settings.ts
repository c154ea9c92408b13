import { UserError } from "../../jobspec";

/** Settings of a slot pool, as Hermes' environment variables say them. */
export interface SlotPoolSettings {
  /** What runs the sandboxes. */
  readonly driver: "docker" | "singularity";
  /** Default: the driver's usual one. */
  readonly image?: string;
  /** Slots of each sandbox. */
  readonly slots: number;
  /** The fewest sandboxes. */
  readonly min: number;
  /** The most sandboxes. */
  readonly max: number;
}

/**
 * What TERMINAL_NOMAD_DRIVER, TERMINAL_NOMAD_IMAGE, TERMINAL_NOMAD_SLOTS, TERMINAL_NOMAD_MIN and TERMINAL_NOMAD_MAX say.
 *
 * @throws UserError with every one that cannot be meant
 */
export function slotPoolSettings(env: Readonly<Record<string, string | undefined>>): SlotPoolSettings {
  const problems: UserError["problems"][number][] = [];
  const wrong = (name: string, message: string) =>
    problems.push({ rule: "slot-pool/setting", path: name, message, severity: "error" });
  const number = (name: string, usual: number, least: number): number => {
    const text = env[name];
    if (text === undefined || text === "") return usual;
    const value = Number(text);
    if (!/^\d{1,5}$/.test(text) || value < least)
      wrong(name, `"${text}" is no whole number of ${least} or more; write ${usual}, say`);
    return value;
  };
  const driver = env.TERMINAL_NOMAD_DRIVER || "docker";
  if (driver !== "docker" && driver !== "singularity")
    wrong("TERMINAL_NOMAD_DRIVER", `"${driver}" is not known; write docker or singularity`);
  const settings = {
    driver: driver as SlotPoolSettings["driver"],
    image: env.TERMINAL_NOMAD_IMAGE || undefined,
    slots: number("TERMINAL_NOMAD_SLOTS", 10, 1),
    min: number("TERMINAL_NOMAD_MIN", 1, 0),
    max: number("TERMINAL_NOMAD_MAX", 10, 1),
  };
  if (settings.max < settings.min)
    wrong(
      "TERMINAL_NOMAD_MAX",
      `${settings.max} is less than TERMINAL_NOMAD_MIN, ${settings.min}; write ${settings.min} or more`,
    );
  if (problems.length > 0) throw new UserError(problems);
  return settings;
}
