import { ContainerdConfig } from "./containerd";
import { DockerConfig } from "./docker";
import { ExecConfig } from "./exec";
import { Exec2Config } from "./exec2";
import { FirecrackerConfig } from "./firecracker";
import { JavaConfig } from "./java";
import { PledgeConfig } from "./pledge";
import { PodmanConfig } from "./podman";
import { QemuConfig } from "./qemu";
import { RawExecConfig } from "./raw-exec";
import { SingularityConfig } from "./singularity";

/** The class of each driver's configuration, under the name of the constructor of `Driver` that takes it. Written by `npm run doors` of the files in this folder. */
export const configurations = {
  /** A container of containerd, through its community driver. */
  containerd: ContainerdConfig,
  /** A container. */
  docker: DockerConfig,
  /** A program in a chroot, with namespaces and cgroups of its own. Linux, and Nomad as root. */
  exec: ExecConfig,
  /** A program of the node that sees only the paths which are unveiled to it. Linux with Landlock. */
  exec2: Exec2Config,
  /** A small virtual machine of Firecracker, through its community driver. */
  firecracker: FirecrackerConfig,
  /** A program on a Java virtual machine, isolated as `exec` does it. Linux, and Nomad as root. */
  java: JavaConfig,
  /** A program that is held to promises, as on OpenBSD. Linux. */
  pledge: PledgeConfig,
  /** A container without a daemon. */
  podman: PodmanConfig,
  /** A virtual machine. */
  qemu: QemuConfig,
  /** A program of the node, run as it is, without isolation. */
  rawExec: RawExecConfig,
  /** A container of Singularity or Apptainer, through its community driver. */
  singularity: SingularityConfig,
};
