import { blockOf, blocks, int, text, type PropsOf } from "../engine";
import { Affinity } from "./affinity";
import { Constraint } from "./constraint";

const fields = {
  /** What is asked for: `gpu`, `nvidia/gpu` or `nvidia/gpu/1080ti`. */
  name: text("Name", { required: true, hcl: "" }),
  /** How many. @default 1 */
  count: int("Count", { min: 0, nullable: true, default: 1 }),
  /** Conditions that the device must meet, such as on `${device.attr.memory}`. @default - none */
  constraints: blocks("Constraints", () => Constraint, { hcl: "constraint" }),
  /** Preferences among devices. @default - none */
  affinities: blocks("Affinities", () => Affinity, { hcl: "affinity" }),
};

/** Properties of {@link Device}. */
export interface DeviceProps extends PropsOf<typeof fields> {}

/**
 * A device of the node, such as a GPU.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/device
 */
export class Device extends blockOf({ api: "RequestedDevice", hcl: "device", key: "name" }, fields) {
  constructor(props: DeviceProps) {
    super(props);
  }
}
