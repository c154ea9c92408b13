/** The programs that a cluster is made of: found on the PATH or in the cache, downloaded and held against their sums, or built from their modules. */
export {
  findBinary,
  findOnPath,
  getBinaries,
  getBinary,
  getProgram,
  isExecutable,
  PROGRAMS,
  type Binary,
  type ProgramName,
} from "./binaries";
export { licenceOf } from "./licences";
