import { blockOf, bool, int, text, texts, type PropsOf } from "../engine";
import { configBlock, configMap, configNumbers, textOrTexts } from "./config-fields";
import { sizeText, timeText } from "./unit-fields";

const authFields = {
  /** The user. @default - none */
  username: text("username"),
  /** The password. @default - none */
  password: text("password"),
  /** Whether the registry's certificate is verified. @default - true, of the driver */
  tlsVerify: bool("tls_verify"),
};

/** Properties of {@link PodmanAuth}. */
export interface PodmanAuthProps extends PropsOf<typeof authFields> {}

/**
 * Credentials for the registry of an image.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/podman
 */
export class PodmanAuth extends blockOf({ api: "auth", hcl: "auth" }, authFields) {
  constructor(props: PodmanAuthProps) {
    super(props);
  }
}

const loggingFields = {
  /** `nomad` or `journald`. @default - "nomad", of the driver */
  driver: text("driver"),
  /** Its options. @default - none */
  options: configMap("options"),
};

/** Properties of {@link PodmanLogging}. */
export interface PodmanLoggingProps extends PropsOf<typeof loggingFields> {}

/**
 * Where a container's output goes.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/podman
 */
export class PodmanLogging extends blockOf({ api: "logging", hcl: "logging" }, loggingFields) {
  constructor(props: PodmanLoggingProps) {
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
  entrypoint: textOrTexts("entrypoint"),
  /** Credentials for the registry. @default - none */
  auth: configBlock("auth", () => PodmanAuth),
  /** Whether a failed login is passed over. @default false */
  authSoftFail: bool("auth_soft_fail"),
  /** Labels of ports that are mapped into the container. @default - none */
  ports: texts("ports"),
  /** Ports of the container, by the label of a port of the task's own network; write `ports`. @default - none */
  portMap: configNumbers("port_map"),
  /** Its network, such as `host`, `bridge` or `none`. @default - the group's */
  networkMode: text("network_mode"),
  /** Paths that are mounted, `from:to:options`. @default - none */
  volumes: texts("volumes"),
  /** Temporary file systems. @default - none */
  tmpfs: texts("tmpfs"),
  /** Devices of the host. @default - none */
  devices: texts("devices"),
  /** Further names in its hosts file, `name:address`. @default - none */
  extraHosts: texts("extra_hosts"),
  /** Labels of the container. @default - none */
  labels: configMap("labels"),
  /** Where its output goes. @default - Nomad's */
  logging: configBlock("logging", () => PodmanLogging),
  /** Linux capabilities that it gets. @default - none */
  capAdd: texts("cap_add"),
  /** Linux capabilities that it loses. @default - none */
  capDrop: texts("cap_drop"),
  /** Whether it may do what root may. @default false */
  privileged: bool("privileged"),
  /** Whether its root file system is only read. @default false */
  readonlyRootfs: bool("readonly_rootfs"),
  /** Whether the image is pulled also where it is there. @default false */
  forcePull: bool("force_pull"),
  /** How long a pull may take. @default - Duration.minutes(5), of the driver */
  imagePullTimeout: timeText("image_pull_timeout"),
  /** Its host name. @default - chosen by podman */
  hostname: text("hostname"),
  /** Whether a small init reaps its children. @default false */
  init: bool("init"),
  /** The path of the init that reaps its children. @default - podman's */
  initPath: text("init_path"),
  /** Whether CPU is a limit too. @default false */
  cpuHardLimit: bool("cpu_hard_limit"),
  /** Length of the CPU period, in microseconds. @default - 100000, of the driver */
  cpuCfsPeriod: int("cpu_cfs_period", { min: 0 }),
  /** Memory that is kept for it. @default - none */
  memoryReservation: sizeText("memory_reservation"),
  /** Memory and swap together. @default - as podman does */
  memorySwap: sizeText("memory_swap"),
  /** How readily it is swapped, 0 to 100. @default - the host's */
  memorySwappiness: int("memory_swappiness"),
  /** How many processes it may have. @default - no limit */
  pidsLimit: int("pids_limit"),
  /** Size of /dev/shm. @default - podman's */
  shmSize: sizeText("shm_size"),
  /** Security options. @default - none */
  securityOpt: texts("security_opt"),
  /** Its AppArmor profile. @default - podman's */
  apparmorProfile: text("apparmor_profile"),
  /** Its SELinux options. @default - none */
  selinuxOpts: texts("selinux_opts"),
  /** Kernel settings. @default - none */
  sysctl: configMap("sysctl"),
  /** Limits such as `nofile: "4096:8192"`. @default - none */
  ulimit: configMap("ulimit"),
  /** Its user namespace, such as `keep-id`. @default - podman's */
  userns: text("userns"),
  /** Which of several podman services runs it. @default - the first */
  socket: text("socket"),
  /** Whether it has a terminal. @default false */
  tty: bool("tty"),
  /** The directory it runs in. @default - the image's */
  workingDir: text("working_dir"),
};

/** Properties of a podman task. */
export interface PodmanProps extends PropsOf<typeof fields> {}

/**
 * A container without a daemon.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/podman
 */
export class PodmanConfig extends blockOf({ api: "podman", hcl: "config" }, fields) {
  constructor(props: PodmanProps) {
    super(props);
  }
}
