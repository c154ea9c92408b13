import { Job, type JobProps } from "../../jobspec";
import { checkProps, OBJECT, propKind, propsOfBlock } from "../../jobspec/host";
import { AdminGroup, type AdminGroupProps } from "./admin-group";
import { KeyvalueGroup, type KeyvalueGroupProps } from "./keyvalue-group";
import { LauncherGroup, type LauncherGroupProps } from "./launcher-group";

/** Properties of {@link PrismStack}: those of a job, and what is set of its groups. */
export interface PrismStackProps extends Omit<JobProps, "id" | "groups" | "type"> {
  /**
   * Its id.
   *
   * @default "prism-stack"
   */
  readonly id?: string;
  /** The group of prism-admin. Default: one with its own defaults. */
  readonly admin?: AdminGroupProps;
  /** The group of pattern-launcher. Default: one with its own defaults. */
  readonly launcher?: LauncherGroupProps;
  /** The group of keyvalue-runner; `false` where the launcher starts it. Default: one with its own defaults. */
  readonly keyvalue?: KeyvalueGroupProps | false;
}

/** The kinds of the stack's properties. What those of its groups may be, the groups say. */
export const PRISM_STACK_PROPS = {
  ...propsOfBlock(Job, "groups", "type"),
  admin: OBJECT,
  launcher: OBJECT,
  keyvalue: propKind((value) => value === false || OBJECT.fits(value), "an object or false", "one of them"),
};

/**
 * The Prism stack: its admin, then a launcher that registers with it, then a keyvalue runner.
 *
 * @example new PrismStack({ launcher: { count: 3, update: Update.canary({ canary: 1, maxParallel: 1 }) } })
 */
export class PrismStack extends Job {
  constructor(props: PrismStackProps = {}) {
    checkProps(props, "PrismStack", PRISM_STACK_PROPS);
    const { admin, launcher, keyvalue, ...job } = props;
    super({
      id: "prism-stack",
      datacenters: ["dc1"],
      ...job,
      type: "service",
      groups: [
        new AdminGroup(admin),
        new LauncherGroup(launcher),
        ...(keyvalue === false ? [] : [new KeyvalueGroup(keyvalue)]),
      ],
    });
  }
}
