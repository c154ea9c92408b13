import { block, blockOf, bool, oneOf, text, texts, type PropsOf } from "../engine";

const mountOptionsFields = {
  /**
   * The file system.
   *
   * @default - the plugin's
   */
  fsType: text("FSType"),
  /**
   * Flags of the mount.
   *
   * @default - none
   */
  mountFlags: texts("MountFlags"),
};

/** Properties of {@link CsiMountOptions}. */
export interface CsiMountOptionsProps extends PropsOf<typeof mountOptionsFields> {}

/**
 * How a CSI volume is mounted.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/volume
 */
export class CsiMountOptions extends blockOf({ api: "CSIMountOptions", hcl: "mount_options" }, mountOptionsFields) {
  constructor(props: CsiMountOptionsProps = {}) {
    super(props);
  }
}

const ACCESS_MODES = [
  "single-node-writer",
  "single-node-reader-only",
  "single-node-single-writer",
  "single-node-multi-writer",
  "multi-node-reader-only",
  "multi-node-single-writer",
  "multi-node-multi-writer",
] as const;

const requestFields = {
  /** The name by which mounts know it. */
  name: text("Name", { required: true, nonEmpty: true, hcl: "", lenient: true }),
  /** Who has it: the node, or a CSI plugin. */
  type: oneOf("Type", ["host", "csi"], { required: true, empty: false, lenient: true }),
  /** The volume's name on the node, or its id. */
  source: text("Source", { required: true, lenient: true }),
  /**
   * Whether it is only read.
   *
   * @default false
   */
  readOnly: bool("ReadOnly"),
  /**
   * Whether a replacement gets the very same host volume.
   *
   * @default false
   */
  sticky: bool("Sticky", { since: "1.10" }),
  /**
   * Who may do what with it at once.
   *
   * @default - must be given for csi
   */
  accessMode: oneOf("AccessMode", ACCESS_MODES, { lenient: true }),
  /**
   * As what it appears.
   *
   * @default - must be given for csi
   */
  attachmentMode: oneOf("AttachmentMode", ["file-system", "block-device"], { lenient: true }),
  /**
   * How a CSI volume is mounted.
   *
   * @default - as the plugin does
   */
  mountOptions: block("MountOptions", () => CsiMountOptions),
  /**
   * Whether each allocation has one of its own, named by its index.
   *
   * @default false
   */
  perAlloc: bool("PerAlloc"),
};

/** Properties of {@link VolumeRequest}. */
export interface VolumeRequestProps extends PropsOf<typeof requestFields> {}

/**
 * A volume that a group asks for.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/volume
 */
export class VolumeRequest extends blockOf({ api: "VolumeRequest", hcl: "volume", key: "name" }, requestFields) {
  constructor(props: VolumeRequestProps) {
    super(props);
  }

  /** A volume of the node. */
  static host(
    name: string,
    source: string,
    props: Omit<VolumeRequestProps, "name" | "type" | "source"> = {},
  ): VolumeRequest {
    return new VolumeRequest({ ...props, name, type: "host", source });
  }

  /** A volume of a CSI plugin. */
  static csi(
    name: string,
    source: string,
    props: Omit<VolumeRequestProps, "name" | "type" | "source"> &
      Required<Pick<VolumeRequestProps, "accessMode" | "attachmentMode">>,
  ): VolumeRequest {
    return new VolumeRequest({ ...props, name, type: "csi", source });
  }
}

const mountFields = {
  /** The name of the group's volume. */
  volume: text("Volume", { required: true, lenient: true, nullable: true }),
  /** Where the task sees it. */
  destination: text("Destination", { required: true, judgedByRule: true, nullable: true }),
  /**
   * Whether it is only read.
   *
   * @default false
   */
  readOnly: bool("ReadOnly", { nullable: true, default: false }),
  /**
   * How mounts below it travel between task and host.
   *
   * @default "private"
   */
  propagationMode: oneOf("PropagationMode", ["private", "host-to-task", "bidirectional"], {
    judgedByRule: true,
    nullable: true,
    default: "private",
  }),
  /**
   * Its SELinux label: `""`, `"z"` (shared) or `"Z"` (private).
   *
   * @default - none
   */
  selinuxLabel: text("SELinuxLabel", { nullable: true, default: "" }),
};

/** Properties of {@link VolumeMount}. */
export interface VolumeMountProps extends PropsOf<typeof mountFields> {}

/**
 * A volume of the group, seen by a task.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/volume_mount
 */
export class VolumeMount extends blockOf({ api: "VolumeMount", hcl: "volume_mount", key: "volume" }, mountFields) {
  constructor(props: VolumeMountProps) {
    super(props);
  }
}
