import { blockOf, bool, text, texts, type PropsOf } from "../engine";
import { configNumbers } from "./config-fields";

const fields = {
  /** The disk image, relative to the task's directory. */
  imagePath: text("image_path", { required: true, nonEmpty: true }),
  /** The program that emulates. @default - "qemu-system-x86_64", of the driver */
  emulator: text("emulator"),
  /** The kind of machine. @default - "pc", of the driver */
  machineType: text("machine_type"),
  /** How the disk is attached, such as `virtio`. @default - "ide", of the driver */
  driveInterface: text("drive_interface"),
  /** The accelerator, such as `kvm`. @default - "tcg", of the driver */
  accelerator: text("accelerator"),
  /** Whether the machine is asked to shut down before it is ended. @default false */
  gracefulShutdown: bool("graceful_shutdown"),
  /** Whether a socket to the guest's agent is opened. @default false */
  guestAgent: bool("guest_agent"),
  /** Further arguments of the emulator. @default - none */
  args: texts("args"),
  /** Ports of the guest, by the label of the port on the host. @default - none */
  portMap: configNumbers("port_map"),
};

/** Properties of a qemu task. */
export interface QemuProps extends PropsOf<typeof fields> {}

/**
 * A virtual machine.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/qemu
 */
export class QemuConfig extends blockOf({ api: "qemu", hcl: "config" }, fields) {
  constructor(props: QemuProps) {
    super(props);
  }
}
