/** The embedded cluster: a real Nomad and a real Consul on this machine. */
export { REGION_NAME } from "./agents";
export { agentEnvironment } from "./start-agent";
export { findBinary, getBinary, getProgram, PROGRAMS, type Binary, type ProgramName } from "./binaries";
export { EmbeddedCluster } from "./cluster";
export { folderNextDoor } from "./next-door";
export type { AgentStatus, ClusterStatus } from "./cluster-status";
export type { UpOptions } from "./up-options";
export type { VaultRole } from "./vault-access";
export { cacheFolder, clusterFolder, findProjectFolder, packageFolder, projectFolder } from "./folders";
export { dynamicPortsAt, portsAt, regionConsulPortsAt, regionPortsAt, takenPorts, type Ports } from "./ports";
export { licenceOf } from "./licences";
export type { Machine } from "./machine";
export { machineRoom, scarceOn, type MachineRoom } from "./machine-room";
export { endProcesses, mountsIn, processesIn, unmount } from "./processes";
export { SILENT, type Progress } from "./progress";
export { longSocketsOf, type LongSocket } from "./socket-paths";
