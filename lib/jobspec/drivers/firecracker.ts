import { blockOf, bool, int, text, texts, type PropsOf } from "../engine";
import { configBlock } from "./config-fields";
import { size } from "./unit-fields";

const nicFields = {
  /** Its address in CIDR notation. */
  ip: text("Ip", { required: true }),
  /** The gateway's address. */
  gateway: text("Gateway", { required: true }),
  /** The interface of the host. */
  interface: text("Interface", { required: true }),
  /** Name servers. */
  nameservers: texts("Nameservers", { required: true }),
};

/** Properties of {@link FirecrackerNic}. */
export interface FirecrackerNicProps extends PropsOf<typeof nicFields> {}

/**
 * A network interface with a fixed address.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/firecracker-task-driver
 */
export class FirecrackerNic extends blockOf({ api: "Nic", hcl: "Nic" }, nicFields) {
  constructor(props: FirecrackerNicProps) {
    super(props);
  }
}

const fields = {
  /** The kernel, a path on the node. @default - vmlinux in the allocation's directory */
  kernelImage: text("KernelImage"),
  /** The kernel's command line. @default - the driver's */
  bootOptions: text("BootOptions"),
  /** The root disk, a path on the node. @default - rootfs.ext4 in the allocation's directory */
  bootDisk: text("BootDisk"),
  /** Further disks, `path:ro` or `path:rw`. @default - none */
  disks: texts("Disks"),
  /** The CNI network. @default - none */
  network: text("Network"),
  /** A network interface with a fixed address. @default - none */
  nic: configBlock("Nic", () => FirecrackerNic),
  /** How many processors it sees. @default - 1, of the driver */
  vcpus: int("Vcpus", { min: 1 }),
  /** The template of its processors, such as `T2`. @default - none */
  cpuType: text("Cputype"),
  /** Its memory. @default - Memory.mebibytes(512), of the driver */
  memory: size("Mem", "mebibytes", { min: 1 }),
  /** The program, a path on the node. @default - firecracker on the PATH */
  firecracker: text("Firecracker"),
  /** The file for its log. @default - none */
  log: text("Log"),
  /** Whether hyper-threads are off. @default false */
  disableHyperthreading: bool("DisableHt"),
};

/** Properties of a firecracker task. */
export interface FirecrackerProps extends PropsOf<typeof fields> {}

/**
 * A small virtual machine of Firecracker, through its community driver.
 *
 * @see https://developer.hashicorp.com/nomad/plugins/drivers/community/firecracker-task-driver
 */
export class FirecrackerConfig extends blockOf({ api: "firecracker-task-driver", hcl: "config" }, fields) {
  constructor(props: FirecrackerProps) {
    super(props);
  }
}
