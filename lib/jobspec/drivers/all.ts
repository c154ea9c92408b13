/** Written by `npm run doors` of the files in this folder. */
export {
  ContainerdAuth,
  ContainerdConfig,
  ContainerdMount,
  type ContainerdAuthProps,
  type ContainerdMountProps,
  type ContainerdProps,
} from "./containerd";
export {
  DockerAuth,
  DockerBindOptions,
  DockerConfig,
  DockerDevice,
  DockerHealthchecks,
  DockerLogging,
  DockerMount,
  DockerTmpfsOptions,
  DockerVolumeDriver,
  DockerVolumeOptions,
  type DockerAuthProps,
  type DockerBindOptionsProps,
  type DockerDeviceProps,
  type DockerHealthchecksProps,
  type DockerLoggingProps,
  type DockerMountProps,
  type DockerProps,
  type DockerTmpfsOptionsProps,
  type DockerVolumeDriverProps,
  type DockerVolumeOptionsProps,
} from "./docker";
export { ExecConfig, type ExecProps } from "./exec";
export { Exec2Config, type Exec2Props } from "./exec2";
export { FirecrackerConfig, FirecrackerNic, type FirecrackerNicProps, type FirecrackerProps } from "./firecracker";
export { JavaConfig, type JavaProps } from "./java";
export { PledgeConfig, type PledgeProps } from "./pledge";
export {
  PodmanAuth,
  PodmanConfig,
  PodmanLogging,
  type PodmanAuthProps,
  type PodmanLoggingProps,
  type PodmanProps,
} from "./podman";
export { QemuConfig, type QemuProps } from "./qemu";
export { RawExecConfig, type RawExecProps } from "./raw-exec";
export { SingularityConfig, type SingularityProps } from "./singularity";
