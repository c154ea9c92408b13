import { blockOf, blocks, bool, int, oneOf, text, texts, type PropsOf } from "../engine";
import { configBlock, configMap, configNumbers } from "./config-fields";
import { size, timeText } from "./unit-fields";

const authFields = {
  /** The user. @default - nobody: the image is asked for without credentials */
  username: text("username"),
  /** The password. @default - none */
  password: text("password"),
  /** The user's address, which old registries ask for. @default - none */
  email: text("email"),
  /** The registry's address. @default - that of the image */
  serverAddress: text("server_address"),
};

/** Properties of {@link DockerAuth}. */
export interface DockerAuthProps extends PropsOf<typeof authFields> {}

/**
 * Credentials for the registry of an image.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerAuth extends blockOf({ api: "auth", hcl: "auth" }, authFields) {
  constructor(props: DockerAuthProps) {
    super(props);
  }
}

const loggingFields = {
  /**
   * The logging driver.
   *
   * @default - the daemon's
   */
  type: text("type"),
  /**
   * The same under its older name; `type` counts where both are written.
   *
   * @default - the daemon's
   */
  driver: text("driver"),
  /**
   * Its options, such as `max-size` and `max-file`.
   *
   * @default - none
   */
  config: configMap("config"),
};

/** Properties of {@link DockerLogging}. */
export interface DockerLoggingProps extends PropsOf<typeof loggingFields> {}

/**
 * Where Docker sends the container's output.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerLogging extends blockOf({ api: "logging", hcl: "logging" }, loggingFields) {
  constructor(props: DockerLoggingProps) {
    super(props);
  }
}

const bindOptionsFields = {
  /** How mounts below it are seen on the other side, such as `rslave`. @default - "rprivate", of the driver */
  propagation: text("propagation"),
};

/** Properties of {@link DockerBindOptions}. */
export interface DockerBindOptionsProps extends PropsOf<typeof bindOptionsFields> {}

/**
 * Options of a path of the host that is mounted.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerBindOptions extends blockOf({ api: "bind_options", hcl: "bind_options" }, bindOptionsFields) {
  constructor(props: DockerBindOptionsProps = {}) {
    super(props);
  }
}

const tmpfsOptionsFields = {
  /** Its size; a number is one of bytes. @default - no limit */
  size: size("size", "bytes", { min: 0 }),
  /** Its mode, as a decimal number. @default - 1023, which is 1777 in octal */
  mode: int("mode", { min: 0 }),
};

/** Properties of {@link DockerTmpfsOptions}. */
export interface DockerTmpfsOptionsProps extends PropsOf<typeof tmpfsOptionsFields> {}

/**
 * Options of a file system in memory.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerTmpfsOptions extends blockOf({ api: "tmpfs_options", hcl: "tmpfs_options" }, tmpfsOptionsFields) {
  constructor(props: DockerTmpfsOptionsProps = {}) {
    super(props);
  }
}

const volumeDriverFields = {
  /** The volume driver. @default - "local", of the driver */
  name: text("name"),
  /** Its options. @default - none */
  options: configMap("options"),
};

/** Properties of {@link DockerVolumeDriver}. */
export interface DockerVolumeDriverProps extends PropsOf<typeof volumeDriverFields> {}

/**
 * What makes a volume.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerVolumeDriver extends blockOf({ api: "driver_config", hcl: "driver_config" }, volumeDriverFields) {
  constructor(props: DockerVolumeDriverProps = {}) {
    super(props);
  }
}

const volumeOptionsFields = {
  /** Whether what the image has at that path is not copied into a new volume. @default false */
  noCopy: bool("no_copy"),
  /** Labels of the volume. @default - none */
  labels: configMap("labels"),
  /** What makes the volume. @default - Docker itself */
  driverConfig: configBlock("driver_config", () => DockerVolumeDriver),
};

/** Properties of {@link DockerVolumeOptions}. */
export interface DockerVolumeOptionsProps extends PropsOf<typeof volumeOptionsFields> {}

/**
 * Options of a volume.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerVolumeOptions extends blockOf(
  { api: "volume_options", hcl: "volume_options" },
  volumeOptionsFields,
) {
  constructor(props: DockerVolumeOptionsProps = {}) {
    super(props);
  }
}

const mountFields = {
  /** What is mounted. @default - "volume", of the driver */
  type: oneOf("type", ["bind", "volume", "tmpfs"]),
  /** Where the container sees it. */
  target: text("target", { required: true }),
  /**
   * The path or volume.
   *
   * @default - none, for tmpfs
   */
  source: text("source"),
  /**
   * Whether it is only read.
   *
   * @default false
   */
  readonly: bool("readonly"),
  /**
   * Options of a bind mount, such as `{ propagation: "rslave" }`.
   *
   * @default - none
   */
  bindOptions: configBlock("bind_options", () => DockerBindOptions),
  /**
   * Options of a volume, such as `{ noCopy: true }`.
   *
   * @default - none
   */
  volumeOptions: configBlock("volume_options", () => DockerVolumeOptions),
  /**
   * Options of a tmpfs, such as `{ size: Memory.mebibytes(64) }`.
   *
   * @default - none
   */
  tmpfsOptions: configBlock("tmpfs_options", () => DockerTmpfsOptions),
};

/** Properties of {@link DockerMount}. */
export interface DockerMountProps extends PropsOf<typeof mountFields> {}

/**
 * Something mounted into the container.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerMount extends blockOf({ api: "mount", hcl: "mount" }, mountFields) {
  constructor(props: DockerMountProps) {
    super(props);
  }
}

const deviceFields = {
  /** The device's path on the host. */
  hostPath: text("host_path", { required: true }),
  /**
   * Its path in the container.
   *
   * @default - the same
   */
  containerPath: text("container_path"),
  /**
   * Rights, such as `rwm`.
   *
   * @default - "rwm", of the driver
   */
  cgroupPermissions: text("cgroup_permissions"),
};

/** Properties of {@link DockerDevice}. */
export interface DockerDeviceProps extends PropsOf<typeof deviceFields> {}

/**
 * A device of the host.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerDevice extends blockOf({ api: "devices", hcl: "devices" }, deviceFields) {
  constructor(props: DockerDeviceProps) {
    super(props);
  }
}

const healthchecksFields = {
  /** Whether the image's own health check is left out. @default false */
  disable: bool("disable"),
};

/** Properties of {@link DockerHealthchecks}. */
export interface DockerHealthchecksProps extends PropsOf<typeof healthchecksFields> {}

/**
 * What becomes of the image's own health check.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerHealthchecks extends blockOf({ api: "healthchecks", hcl: "healthchecks" }, healthchecksFields) {
  constructor(props: DockerHealthchecksProps) {
    super(props);
  }
}

const fields = {
  /** The image, with its tag or digest. */
  image: text("image", { required: true, nonEmpty: true }),
  /** The program. @default - the image's */
  command: text("command"),
  /** Its arguments; `${NOMAD_…}` is filled in. @default - the image's */
  args: texts("args"),
  /** What runs the command. @default - the image's */
  entrypoint: texts("entrypoint"),
  /** Labels of the group's ports that are mapped. @default - none */
  ports: texts("ports"),
  /** Ports of the container, by the label of a port of the task's own network, which jobs before Nomad 0.12 have; write `ports`. @default - none */
  portMap: configNumbers("port_map"),
  /** Paths as `host:container[:ro]`; relative ones start at the task's directory. @default - none */
  volumes: texts("volumes"),
  /** Mounts of any kind. @default - none */
  mounts: blocks("mount", () => DockerMount),
  /** Mounts too, under the option `mounts` of jobs from before Nomad 1.0; write `mounts` here. @default - none */
  olderMounts: blocks("mounts", () => DockerMount),
  /** The volume driver. @default - none */
  volumeDriver: text("volume_driver"),
  /** `host`, `bridge`, `none`, `container:<name>` or a network. @default - the group's */
  networkMode: text("network_mode"),
  /** Names in the network. @default - none */
  networkAliases: texts("network_aliases"),
  /** The host name. @default - the container's id */
  hostname: text("hostname"),
  /** Lines for /etc/hosts as `name:address`. @default - none */
  extraHosts: texts("extra_hosts"),
  /** Name servers. @default - the node's */
  dnsServers: texts("dns_servers"),
  /** Search domains. @default - the node's */
  dnsSearchDomains: texts("dns_search_domains"),
  /** Resolver options. @default - the node's */
  dnsOptions: texts("dns_options"),
  /** A fixed address. @default - none */
  ipv4Address: text("ipv4_address"),
  /** A fixed address. @default - none */
  ipv6Address: text("ipv6_address"),
  /** Whether services get the IPv6 address. @default false */
  advertiseIpv6Address: bool("advertise_ipv6_address"),
  /** A fixed MAC address. @default - none */
  macAddress: text("mac_address"),
  /** Whether the image is pulled even where it is there. @default false */
  forcePull: bool("force_pull"),
  /** How long a pull may take. @default - Duration.minutes(5), of the driver */
  imagePullTimeout: timeText("image_pull_timeout"),
  /** An archive to load the image from. @default - none */
  load: text("load"),
  /** Credentials for the registry. @default - the node's settings */
  auth: configBlock("auth", () => DockerAuth),
  /** Whether the pull goes on without, where the registry refuses. @default false */
  authSoftFail: bool("auth_soft_fail"),
  /** Where Docker sends the output. @default - to Nomad's logs */
  logging: configBlock("logging", () => DockerLogging),
  /** Labels of the container. @default - none */
  labels: configMap("labels"),
  /** Devices of the host. @default - none */
  devices: blocks("devices", () => DockerDevice),
  /** What becomes of the image's own health check. @default - it runs */
  healthchecks: configBlock("healthchecks", () => DockerHealthchecks),
  /** Whether it may do what the host's root may. @default false */
  privileged: bool("privileged"),
  /** Linux capabilities that it gets. @default - none */
  capAdd: texts("cap_add"),
  /** Linux capabilities that it loses. @default - none */
  capDrop: texts("cap_drop"),
  /** Further groups of its user. @default - none */
  groupAdd: texts("group_add"),
  /** Options such as `seccomp=…`. @default - none */
  securityOpt: texts("security_opt"),
  /** Whether its file system is only read. @default false */
  readonlyRootfs: bool("readonly_rootfs"),
  /** Whether CPU is a limit too. @default false */
  cpuHardLimit: bool("cpu_hard_limit"),
  /** Length of the CPU period, in microseconds. @default - 100000, of the driver */
  cpuCfsPeriod: int("cpu_cfs_period"),
  /** Cores that it may run on, such as `0-2`. @default - all of the node, or those that `resources.cpu` reserves */
  cpusetCpus: text("cpuset_cpus"),
  /** The limit of memory, where it is above what is reserved. @default - resources.memoryMax */
  memoryHardLimit: size("memory_hard_limit", "mebibytes", { min: 0, deprecated: "resources.memoryMax" }),
  /** How many processes it may have. @default - 0, no limit */
  pidsLimit: int("pids_limit"),
  /** Size of /dev/shm; a number is one of bytes. @default - Memory.mebibytes(64), of the driver */
  shmSize: size("shm_size", "bytes", { min: 0 }),
  /** Adjustment of its rank for the kernel's out-of-memory killer. @default 0 */
  oomScoreAdj: int("oom_score_adj"),
  /** Whether a small init reaps its children. @default false */
  init: bool("init"),
  /** Whether stdin stays open. @default false */
  interactive: bool("interactive"),
  /** Whether it has a terminal. @default false */
  tty: bool("tty"),
  /** The directory it runs in. @default - the image's */
  workDir: text("work_dir"),
  /** `host` shares the host's processes. @default - its own */
  pidMode: text("pid_mode"),
  /** Whose memory it shares. @default - its own */
  ipcMode: text("ipc_mode"),
  /** `host` shares the host's name. @default - its own */
  utsMode: text("uts_mode"),
  /** `host` turns user namespaces off. @default - the daemon's */
  usernsMode: text("userns_mode"),
  /** Its cgroup namespace, `host` or `private`. @default - the daemon's */
  cgroupns: oneOf("cgroupns", ["host", "private"]),
  /** The container runtime. @default - the daemon's */
  runtime: text("runtime"),
  /** Isolation on Windows. @default - the daemon's */
  isolation: text("isolation"),
  /** Kernel settings. @default - none */
  sysctl: configMap("sysctl"),
  /** Limits such as `nofile: "4096:8192"`. @default - none */
  ulimit: configMap("ulimit"),
  /** Options of the storage driver. @default - none */
  storageOpt: configMap("storage_opt"),
  /** How often a container of the same name is looked for before it is made. @default - 5, of the driver */
  containerExistsAttempts: int("container_exists_attempts", { min: 0 }),
};

/** Properties of a docker task. */
export interface DockerProps extends PropsOf<typeof fields> {}

/**
 * A container.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/docker
 */
export class DockerConfig extends blockOf({ api: "docker", hcl: "config" }, fields) {
  constructor(props: DockerProps) {
    super(props);
  }
}
