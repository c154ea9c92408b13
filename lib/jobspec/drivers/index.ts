/** What runs tasks: the drivers of Nomad with their configurations. */
export {
  DockerAuth,
  DockerConfig,
  DockerDevice,
  DockerHealthchecks,
  DockerLogging,
  DockerMount,
  type DockerAuthProps,
  type DockerDeviceProps,
  type DockerHealthchecksProps,
  type DockerLoggingProps,
  type DockerMountProps,
  type DockerProps,
} from "./docker";
export { Driver } from "./driver";
export { ExecConfig, type ExecProps } from "./exec";
export { RawExecConfig, type RawExecProps } from "./raw-exec";
