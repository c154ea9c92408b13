import { UserError } from "../../errors";
import { checkProps, FLAG, isAtLeast, TEXT, type CheckContext, type PropKinds } from "../engine";

/** The Nomad that a job is for. */
export interface Target {
  /**
   * Its version, 1.8 to 2.0.
   *
   * @default "1.11"
   */
  readonly nomadVersion?: string;
  /**
   * Whether it is Nomad Enterprise.
   *
   * @default false
   */
  readonly enterprise?: boolean;
  /**
   * Whether its scheduler lets tasks use more memory than they reserve; elsewhere `memoryMax` is ignored, with a warning.
   *
   * @default false, as in a cluster that nobody configured
   * @see https://developer.hashicorp.com/nomad/commands/operator/scheduler/set-config
   */
  readonly memoryOversubscription?: boolean;
}

const KINDS: PropKinds<Target> = { nomadVersion: TEXT, enterprise: FLAG, memoryOversubscription: FLAG };

/** The newest Nomad whose rules are known. */
export const NEWEST_NOMAD = "2.0";

/** Whether a version is one of the newest Nomad whose rules are known, or older. */
export function isKnownVersion(version: string): boolean {
  return isAtLeast(NEWEST_NOMAD, version);
}

const VERSION = /^\d+\.\d+(?:\.\d+)?$/;

/** Whether a text is a version, such as `1.11` or `1.11.3`. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * The target with its defaults filled in.
 *
 * @throws UserError where the version is none, and where a property is unknown or of another kind
 */
export function targetOf(target: Target): CheckContext {
  checkProps(target, "target", KINDS);
  const { nomadVersion = "1.11", enterprise = false, memoryOversubscription = false } = target;
  if (!isVersion(nomadVersion))
    throw UserError.at(
      "nomadVersion",
      `"${nomadVersion}" is no version of Nomad; write one such as "1.11"`,
      "target/version",
    );
  return { nomadVersion, enterprise, memoryOversubscription };
}
