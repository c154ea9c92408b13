import { homedir } from "node:os";
import { cacheFolder, getBinary, SILENT, type Binary, type Machine, type ProgramName } from "../../lib/local";

/** The machine that the tests run on. */
export const MACHINE: Machine = {
  platform: process.platform,
  arch: process.arch,
  uid: process.getuid?.(),
  home: homedir(),
};

/** The same for somebody who is not root: then nobody has to be asked which libraries programs want, which takes a second. */
export const ORDINARY_MACHINE: Machine = { ...MACHINE, uid: 1000 };

/** What getting a program takes on this machine. */
export const HERE = { cache: cacheFolder(process.env, MACHINE), env: process.env, machine: MACHINE };

/** Nomad or Consul as this machine has it: on the PATH, in the cache, or got for it. */
export function binaryHere(name: ProgramName): Promise<Binary> {
  return getBinary(name, { ...HERE, progress: SILENT });
}
