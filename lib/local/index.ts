/** The embedded cluster: a real Nomad and a real Consul on this machine. */
export {
  agentEnvironment,
  dynamicPortsAt,
  otherClusterFolderAt,
  portsAt,
  REGION_NAME,
  regionConsulPortsAt,
  regionPortsAt,
  takenPorts,
  type Ports,
} from "./agents";
export { EmbeddedCluster } from "./cluster";
export type { AgentStatus, ClusterStatus } from "./cluster-status";
export {
  cacheFolder,
  clusterFolder,
  endProcesses,
  findProjectFolder,
  longSocketsOf,
  machineRoom,
  mountsIn,
  processesIn,
  projectFolder,
  scarceOn,
  SILENT,
  unmount,
  type LongSocket,
  type Machine,
  type MachineRoom,
  type Progress,
} from "./machine";
export { findBinary, getBinary, getProgram, licenceOf, PROGRAMS, type Binary, type ProgramName } from "./programs";
export type { UpOptions } from "./up-options";
export type { VaultRole } from "./vault";
