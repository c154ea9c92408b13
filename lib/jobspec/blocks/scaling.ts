import { anyMap, blockOf, bool, int, text, type PropsOf } from "../engine";

const fields = {
  /** The least that it is scaled to. @default - the group's count */
  min: int("Min", { nullable: true }),
  /** The most that it is scaled to. @default - none, which Nomad refuses where it is the count that is scaled */
  max: int("Max", { nullable: true }),
  /** Whether an autoscaler may act. @default true */
  enabled: bool("Enabled", { nullable: true, default: true }),
  /** What is scaled: `horizontal` the group's count, `vertical_cpu` and `vertical_mem` (Enterprise) a task. @default "horizontal" */
  type: text("Type", { default: "horizontal" }),
  /** What the autoscaler reads: cooldown, checks and strategies. @default - none */
  policy: anyMap("Policy"),
};

/** Properties of {@link Scaling}. */
export interface ScalingProps extends PropsOf<typeof fields> {}

/**
 * Limits within which an autoscaler, or somebody by hand, may change a group's count.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/scaling
 */
export class Scaling extends blockOf(
  {
    api: "ScalingPolicy",
    hcl: "scaling",
    serverOnly: { ID: "text", Namespace: "text", Target: "map", CreateIndex: "index", ModifyIndex: "index" },
  },
  fields,
) {
  constructor(props: ScalingProps) {
    super(props);
  }
}
