import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "../../errors";
import { ignoredFolder, privateFolder } from "../../private-files";
import { atExit } from "./at-exit";

/** The file that makes a folder a project. @throws UserError where it is missing */
export function settingsFile(project: string): string {
  const file = join(project, "cdktf.json");
  if (existsSync(file)) return file;
  throw UserError.at(file, "is missing; run this inside a project", "project");
}

/**
 * Where the runs of a project's program write, each into a folder of its own. Not cdktf.out, so that a run of cdktf is not disturbed.
 *
 * @throws UserError where the folder is no project
 */
export function synthesisFolder(project: string): string {
  settingsFile(project);
  return join(project, ".cdk-nomad", "synth");
}

/**
 * Gives one run a folder that is its own, which nobody else may read (mode 0700), and removes it afterwards, also where the run fails or the
 * process exits. What processes of this machine left behind that were killed is removed too.
 *
 * @param parent the folder that holds the folders of all runs
 */
export async function withRunFolder<T>(parent: string, run: (folder: string) => Promise<T>): Promise<T> {
  // What stands in here may hold values of variables.
  ignoredFolder(dirname(parent));
  privateFolder(parent);
  removeLeftovers(parent);
  const folder = mkdtempSync(join(parent, `${ownPrefix()}${process.pid}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const forget = atExit(remove);
  try {
    return await run(folder);
  } finally {
    forget();
    remove();
  }
}

/** A folder may be shared by machines, or containers, whose processes are not known here: each removes its own. */
function ownPrefix(): string {
  return `${hostname().replaceAll(/[^A-Za-z0-9.]/g, "_")}-`;
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(ownPrefix())) continue;
    const pid = Number(/^\d+/.exec(name.slice(ownPrefix().length))?.[0]);
    if (pid > 0 && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
