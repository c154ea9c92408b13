import { statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { containerMemory } from "./container-memory";

/** What this machine has left, in MiB. */
export interface MachineRoom {
  /** Memory that processes can have, within the limit of a container where there is one. */
  readonly memory: number;
  /** Disk where the cluster keeps its files. */
  readonly disk: number;
}

/** With less, the agents themselves do not get far: some 250 MiB of memory, and their logs and data, before anything of a job. */
const LEAST: MachineRoom = { memory: 512, disk: 1024 };

const MEBIBYTE = 1024 * 1024;

/** What this machine has left. @param folder any that is there, on the disk that is meant */
export function machineRoom(folder: string): MachineRoom {
  const { bavail, bsize } = statfsSync(folder);
  const memory = Math.min(process.availableMemory(), containerMemory()?.left ?? Infinity);
  return { memory: Math.floor(memory / MEBIBYTE), disk: Math.floor((bavail * bsize) / MEBIBYTE) };
}

/** What a container around this process may have of memory, in MiB; undefined where the machine itself has no more than that. */
export function memoryLimit(): number | undefined {
  const limit = containerMemory()?.limit ?? Infinity;
  return limit < totalmem() ? Math.floor(limit / MEBIBYTE) : undefined;
}

/** What a machine has too little of for a cluster, with what is missing, in words. */
export function scarceOn(room: MachineRoom, folder: string): readonly string[] {
  const names = { memory: "memory is", disk: `disk at ${folder} is` } as const;
  return (["memory", "disk"] as const).flatMap((dimension) => {
    const missing = LEAST[dimension] - room[dimension];
    return missing > 0
      ? [`only ${room[dimension]} MiB of ${names[dimension]} left; ${missing} more are wanted for the agents alone`]
      : [];
  });
}
