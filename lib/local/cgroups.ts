import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Where Nomad makes the cgroups of tasks, `<allocation>.<task>…`: one for each controller in version 1, one in version 2. */
const PARENTS = ["freezer/nomad", "memory/nomad", "cpu/nomad", "cpuset/nomad/reserve"]
  .concat("nomad.slice/share.slice", "nomad.slice/reserve.slice")
  .map((parent) => join("/sys/fs/cgroup", parent));

/** The ids of the allocations whose files are in the data of a cluster: a folder with one for each agent. */
export function allocationsIn(data: string): ReadonlySet<string> {
  return new Set(namesIn(data).flatMap((agent) => namesIn(join(data, agent, "alloc"))));
}

/** The cgroups that allocations have. Nomad leaves one behind where a process of it had not ended yet. */
export function cgroupsOf(allocations: ReadonlySet<string>): readonly string[] {
  return PARENTS.flatMap((parent) =>
    namesIn(parent)
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

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
