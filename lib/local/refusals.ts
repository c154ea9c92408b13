import { accessSync, constants, lstatSync } from "node:fs";
import { UserError } from "../errors";
import { type Machine, ownerOfFile, userInWords } from "./machine";

/**
 * Refuses machines that Nomad has no drivers for, or whose processes this program does not know.
 *
 * @throws UserError with what to do instead
 */
export function refusePlatform({ platform }: Pick<Machine, "platform">): void {
  if (platform === "linux" || platform === "darwin") return;
  const instead = platform === "win32" ? "; use it inside of WSL 2" : "";
  throw UserError.at(
    "",
    `the embedded cluster runs on Linux and on macOS, and this is ${platform}${instead}`,
    "platform",
  );
}

/**
 * Refuses the folder of a cluster that another user started: what stands in it decides everything, and this user may not read it.
 *
 * @throws UserError with whose it is
 */
export function refuseForeignFolder(folder: string): void {
  const owner = ownerOfFile(folder);
  if (owner === undefined) return;
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    // Of a file system that is read-only that is the answer to its owner too.
    if ((error as NodeJS.ErrnoException).code === "EROFS") return;
    throw UserError.at(folder, `is the folder of ${userInWords(owner)}; run cdk-nomad as that user`, "folder");
  }
}

/** Whether a link stands where the folder of a cluster is to be. */
export function isLink(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** What is behind a link may be anybody's: nothing is written or removed there. @throws UserError where it is one */
export function refuseLink(folder: string): void {
  if (isLink(folder))
    throw UserError.at(
      folder,
      "is a link, and a cluster keeps its files in a folder of its own; nothing behind it was touched: remove the link",
      "folder",
    );
}
