/** Written by `npm run doors` of the files in this folder. */
export { Action, type ActionProps } from "./action";
export { Affinity, type AffinityProps } from "./affinity";
export { Artifact, type ArtifactProps } from "./artifact";
export { CheckRestart, type CheckRestartProps } from "./check-restart";
export { Check, type CheckProps } from "./check";
export { Constraint, type ConstraintProps } from "./constraint";
export { Consul, type ConsulProps } from "./consul";
export { CsiPlugin, type CsiPluginProps } from "./csi-plugin";
export { Device, type DeviceProps } from "./device";
export { Disconnect, type DisconnectProps } from "./disconnect";
export { DispatchPayload, type DispatchPayloadProps } from "./dispatch-payload";
export { EphemeralDisk, type EphemeralDiskProps } from "./ephemeral-disk";
export { Identity, type IdentityProps } from "./identity";
export { type JobProps } from "./job";
export { Lifecycle, type LifecycleProps } from "./lifecycle";
export { LogConfig, type LogConfigProps } from "./log-config";
export { Migrate, type MigrateProps } from "./migrate";
export {
  Multiregion,
  MultiregionRegion,
  MultiregionStrategy,
  type MultiregionProps,
  type MultiregionRegionProps,
  type MultiregionStrategyProps,
} from "./multiregion";
export { Cni, Dns, Network, type CniProps, type DnsProps, type NetworkProps } from "./network";
export { Numa, type NumaProps } from "./numa";
export { Parameterized, type ParameterizedProps } from "./parameterized";
export { Periodic, type PeriodicProps } from "./periodic";
export { Port, type PortProps } from "./port";
export { Reschedule, type RescheduleProps } from "./reschedule";
export { Resources, type ResourcesProps } from "./resources";
export { Restart, type RestartProps } from "./restart";
export { Scaling, type ScalingProps } from "./scaling";
export { Schedule, ScheduleCron, type ScheduleCronProps, type ScheduleProps } from "./schedule";
export { Service, ServiceWeights, type ServiceProps, type ServiceWeightsProps } from "./service";
export { Spread, SpreadTarget, type SpreadProps, type SpreadTargetProps } from "./spread";
export { TaskGroup, type TaskGroupProps } from "./task-group";
export { TaskSecret, type TaskSecretProps } from "./task-secret";
export { Task, type TaskProps } from "./task";
export { ChangeScript, Template, Wait, type ChangeScriptProps, type TemplateProps, type WaitProps } from "./template";
export { Ui, UiLink, type UiLinkProps, type UiProps } from "./ui";
export { Update, type UpdateProps } from "./update";
export { Vault, type VaultProps } from "./vault";
export { VersionTag, type VersionTagProps } from "./version-tag";
export {
  CsiMountOptions,
  VolumeMount,
  VolumeRequest,
  type CsiMountOptionsProps,
  type VolumeMountProps,
  type VolumeRequestProps,
} from "./volume";
