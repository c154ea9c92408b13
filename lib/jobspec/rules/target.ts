import type { CheckContext } from "../engine";

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
}

/** The target with its defaults filled in. */
export function targetOf(target: Target): CheckContext {
  return { nomadVersion: target.nomadVersion ?? "1.11", enterprise: target.enterprise ?? false };
}
