import { blockOf, bool, text, texts, type PropsOf } from "../engine";

const fields = {
  /** Whether it is launched at all. @default true */
  enabled: bool("Enabled", { nullable: true, default: true }),
  /** When, as a cron expression: Nomad's older field, of which it warns. @default - crons is used */
  cron: text("Spec", { hcl: "cron", nullable: true, default: "" }),
  /** When, as several cron expressions. Not together with `cron`. @default - cron is used */
  crons: texts("Specs", { hcl: "crons" }),
  /** Whether a launch is left out while the one before still runs. @default false */
  prohibitOverlap: bool("ProhibitOverlap", { nullable: true, default: false }),
  /** The time zone of the expressions, such as `Europe/Berlin`. @default "UTC" */
  timeZone: text("TimeZone", { nullable: true, default: "UTC" }),
  /** The kind of the expression, which Nomad's parser sets. @default "cron" */
  specType: text("SpecType", { hcl: "", nullable: true, default: "cron" }),
};

/** Properties of {@link Periodic}. */
export interface PeriodicProps extends PropsOf<typeof fields> {}

/**
 * Launches a batch job again and again, by the clock.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/periodic
 */
export class Periodic extends blockOf({ api: "PeriodicConfig", hcl: "periodic" }, fields) {
  constructor(props: PeriodicProps) {
    super(props);
  }

  /** By one cron expression, such as `0 3 * * *`. */
  static cron(cron: string, props: Omit<PeriodicProps, "cron" | "crons"> = {}): Periodic {
    return new Periodic({ ...props, crons: [cron] });
  }

  /** By several cron expressions. */
  static crons(crons: readonly string[], props: Omit<PeriodicProps, "cron" | "crons"> = {}): Periodic {
    return new Periodic({ ...props, crons });
  }
}
