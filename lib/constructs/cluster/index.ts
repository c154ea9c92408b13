/** What a cluster has beside its jobs: namespaces, node pools, variables and volumes. */
export { ClusterConstruct } from "./cluster-construct";
export {
  NomadCsiVolume,
  NomadCsiVolumeRegistration,
  type NomadCsiVolumeProps,
  type NomadCsiVolumeRegistrationProps,
} from "./csi-volume";
export {
  NomadHostVolume,
  NomadHostVolumeRegistration,
  type NomadHostVolumeProps,
  type NomadHostVolumeRegistrationProps,
  type VolumeUse,
} from "./host-volume";
export { NomadNamespace, type AllowedOrDenied, type EnabledOrDisabled, type NomadNamespaceProps } from "./namespace";
export { NomadNodePool, type NomadNodePoolProps } from "./node-pool";
export { NomadVariable, type NomadVariableProps } from "./variable";
export type { VolumeAccess, VolumeCapability, VolumeCapacity } from "./volume-parts";
