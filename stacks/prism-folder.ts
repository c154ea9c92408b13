import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../lib";

/** The names of Prism's own programs in their folder. */
export const PROGRAMS = { admin: "prism-admin", launcher: "pattern-launcher", keyvalue: "keyvalue-runner" } as const;

/**
 * Stops at a folder of Prism's programs that cannot be meant: stand-ins would run in their place, and all would look well.
 *
 * @param folder what PRISM_BIN_DIR says; undefined where it says nothing
 * @throws UserError where it is no folder, or holds none of the programs; one that holds some is right, and what is missing is stood in for
 */
export function checkPrismFolder(folder: string | undefined): void {
  if (folder === undefined) return;
  const names = Object.values(PROGRAMS);
  const why = !statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? `there is no folder ${folder}`
    : names.some((name) => existsSync(join(folder, name)))
      ? undefined
      : `${folder} holds none of Prism's programs`;
  if (why === undefined) return;
  const instead = `write the one that holds ${names.join(", ")}, or an empty PRISM_BIN_DIR= before the command to run stand-ins`;
  throw UserError.at("PRISM_BIN_DIR", `${why}; ${instead}`, "settings");
}
