import { blockOf, bool, type PropsOf } from "../engine";
import { mebibytes } from "../units";

const fields = {
  /**
   * Its size, 10 MiB at least and more than the logs of its tasks take.
   *
   * @default Memory.mebibytes(300)
   */
  size: mebibytes("SizeMB", { min: 10, nullable: true, default: 300 }),
  /**
   * Whether a new allocation is rather placed where the old one's data is.
   *
   * @default false
   */
  sticky: bool("Sticky", { nullable: true, default: false }),
  /**
   * Whether the data follows to another node, as well as it can.
   *
   * @default false
   */
  migrate: bool("Migrate", { nullable: true, default: false }),
};

/** Properties of {@link EphemeralDisk}. */
export interface EphemeralDiskProps extends PropsOf<typeof fields> {}

/**
 * The disk that the tasks of a group share while they live.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/ephemeral_disk
 */
export class EphemeralDisk extends blockOf({ api: "EphemeralDisk", hcl: "ephemeral_disk" }, fields) {
  constructor(props: EphemeralDiskProps = {}) {
    super(props);
  }
}
