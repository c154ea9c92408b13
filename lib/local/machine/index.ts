/** What of this machine an embedded cluster needs: folders, processes, mounts, cgroups, memory, and the agreement that one command works at a time. */
export { allocationsIn, allocationsOf } from "./cgroups";
export { smallChroot } from "./chroot";
export { cleanUp, refuseLeft } from "./clean-up";
export { containersIn } from "./containers";
export { exclusively } from "./exclusive";
export { cacheFolder, clusterFolder, findProjectFolder, packageFolder, projectFolder } from "./folders";
export type { Machine } from "./machine";
export { machineRoom, memoryLimit, scarceOn, type MachineRoom } from "./machine-room";
export { oneAtATime } from "./one-at-a-time";
export {
  configurationOf,
  endProcesses,
  listProcesses,
  mountsIn,
  ownerOfFile,
  processesIn,
  unmount,
  userInWords,
  userOf,
  usersOf,
  variableOf,
  type ListedProcess,
} from "./processes";
export { SILENT, type Progress } from "./progress";
export { longSocketsOf, type LongSocket } from "./socket-paths";
