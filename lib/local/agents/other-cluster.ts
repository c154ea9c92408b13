import { dirname } from "node:path";
import { agentOf } from "./living-agents";
import { listensItself } from "./ports";
import { configurationOf, listProcesses, type ListedProcess } from "../machine";

/**
 * The folder of another project's embedded cluster whose agent listens at an address of this machine, such as that of a second clone; undefined where none
 * does. Any user may start a process that looks like one: it is only told.
 *
 * @param own the folder of this project's cluster, which is none next door
 */
export function otherClusterFolderAt(address: string, own: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const port = Number(new URL(address).port);
  for (const listed of listProcesses()) {
    const folder = folderOf(listed);
    if (folder === own || agentOf(listed, folder) === undefined) continue;
    if (listensItself(listed.pid, port)) return folder;
  }
  return undefined;
}

/** The folder that holds the configuration which a process was started with, as far as that tells one. */
function folderOf({ command }: ListedProcess): string {
  return dirname(configurationOf(command) ?? "");
}
