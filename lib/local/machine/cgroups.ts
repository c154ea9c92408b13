import { lstatSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Where Nomad makes the cgroups of tasks, `<allocation>.<task>…`: one for each controller in version 1, one in version 2. */
const PARENTS = ["freezer/nomad", "memory/nomad", "cpu/nomad", "cpuset/nomad/reserve"]
  .concat("nomad.slice/share.slice", "nomad.slice/reserve.slice")
  .map((parent) => join("/sys/fs/cgroup", parent));

/** The ids of the allocations whose files are in the data of a cluster: a folder with one for each agent. */
export function allocationsIn(data: string): ReadonlySet<string> {
  return new Set(foldersIn(data).flatMap((agent) => [...allocationsOf(join(data, agent))]));
}

/** The ids of the allocations whose files are in the data of one agent. */
export function allocationsOf(data: string): ReadonlySet<string> {
  return new Set(foldersIn(data).includes("alloc") ? foldersIn(join(data, "alloc")) : []);
}

/** The cgroups that allocations have. Nomad leaves one behind where a process of it had not ended yet. */
export function cgroupsOf(allocations: ReadonlySet<string>): readonly string[] {
  return PARENTS.flatMap((parent) =>
    foldersIn(parent)
      .filter((name) => allocations.has(name.slice(0, name.indexOf("."))))
      .map((name) => join(parent, name)),
  );
}

/** Takes the cgroups of allocations away in which no process is. */
export function removeCgroups(allocations: ReadonlySet<string>): void {
  for (const path of cgroupsOf(allocations)) {
    try {
      rmdirSync(path);
    } catch {
      // Something runs in it still, or it has just gone.
    }
  }
}

/** The folders in a folder; links are none, since they may lead to somebody else's. */
function foldersIn(folder: string): readonly string[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}
