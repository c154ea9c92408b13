import { blockOf, blocks, bool, int, text, texts, type PropsOf } from "../engine";
import { configBlock, configMap } from "./config-fields";
import { sizeText, timeText } from "./unit-fields";

const authFields = {
  /** The user. */
  username: text("username", { required: true }),
  /** The password. */
  password: text("password", { required: true }),
};

/** Properties of {@link ContainerdAuth}. */
export interface ContainerdAuthProps extends PropsOf<typeof authFields> {}

/**
 * Credentials for the registry of an image.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/containerd
 */
export class ContainerdAuth extends blockOf({ api: "auth", hcl: "auth" }, authFields) {
  constructor(props: ContainerdAuthProps) {
    super(props);
  }
}

const mountFields = {
  /** `volume`, `bind` or `tmpfs`. @default - "volume", of the driver */
  type: text("type"),
  /** Where the container sees it. */
  target: text("target", { required: true }),
  /** What is mounted. @default - nothing, for tmpfs */
  source: text("source"),
  /** Options, such as `ro`. @default - none */
  options: texts("options"),
};

/** Properties of {@link ContainerdMount}. */
export interface ContainerdMountProps extends PropsOf<typeof mountFields> {}

/**
 * Something mounted into a container.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/containerd
 */
export class ContainerdMount extends blockOf({ api: "mounts", hcl: "mounts" }, mountFields) {
  constructor(props: ContainerdMountProps) {
    super(props);
  }
}

const fields = {
  /** The image, with its registry. */
  image: text("image", { required: true, nonEmpty: true }),
  /** The program. @default - the image's */
  command: text("command"),
  /** Its arguments; `${NOMAD_…}` is filled in. @default - the image's */
  args: texts("args"),
  /** Replaces the image's entrypoint. @default - the image's */
  entrypoint: texts("entrypoint"),
  /** Credentials for the registry. @default - none */
  auth: configBlock("auth", () => ContainerdAuth),
  /** The directory it runs in. @default - the image's */
  cwd: text("cwd"),
  /** Linux capabilities that it gets. @default - none */
  capAdd: texts("cap_add"),
  /** Linux capabilities that it loses. @default - none */
  capDrop: texts("cap_drop"),
  /** Devices of the host. @default - none */
  devices: texts("devices"),
  /** Whether it may do what root may. @default false */
  privileged: bool("privileged"),
  /** How many processes it may have. @default - no limit */
  pidsLimit: int("pids_limit"),
  /** `host` shares the host's processes. @default - its own */
  pidMode: text("pid_mode"),
  /** How many files it may have open. @default - containerd's */
  fileLimit: int("file_limit"),
  /** Its host name. @default - chosen by the driver */
  hostname: text("hostname"),
  /** Whether it asks the host's name servers. @default - true, of the driver */
  hostDns: bool("host_dns"),
  /** Whether it shares the host's network. @default false */
  hostNetwork: bool("host_network"),
  /** Further names in its hosts file, `name:address`. @default - none */
  extraHosts: texts("extra_hosts"),
  /** How long a pull may take. @default - Duration.minutes(5), of the driver */
  imagePullTimeout: timeText("image_pull_timeout"),
  /** Whether system calls are filtered. @default false */
  seccomp: bool("seccomp"),
  /** The file of that filter. @default - containerd's */
  seccompProfile: text("seccomp_profile"),
  /** Size of /dev/shm. @default - containerd's */
  shmSize: sizeText("shm_size"),
  /** Kernel settings. @default - none */
  sysctl: configMap("sysctl"),
  /** Whether its root file system is only read. @default false */
  readonlyRootfs: bool("readonly_rootfs"),
  /** The runtime, such as `io.containerd.runsc.v1`. @default - the node's */
  runtime: text("runtime"),
  /** What is mounted. @default - nothing */
  mounts: blocks("mounts", () => ContainerdMount),
};

/** Properties of a containerd task. */
export interface ContainerdProps extends PropsOf<typeof fields> {}

/**
 * A container of containerd, through its community driver.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/containerd
 */
export class ContainerdConfig extends blockOf({ api: "containerd-driver", hcl: "config" }, fields) {
  constructor(props: ContainerdProps) {
    super(props);
  }
}
