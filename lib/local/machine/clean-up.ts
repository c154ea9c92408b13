import { lstatSync, rmSync } from "node:fs";
import { UserError } from "../../errors";
import { allocationsIn, removeCgroups } from "./cgroups";
import { containersIn, removeContainers } from "./containers";
import { endProcesses, mountsIn, processesIn, unmount, userInWords, userOf } from "./processes";

/** How long what tasks left running has to end by itself, in milliseconds. */
const GRACE = 3000;

/**
 * Ends what tasks left running, in containers too, takes away their mounts and cgroups, and removes the data. What links and mounts lead to outside of the
 * data is left alone.
 *
 * @param data the data of a cluster, or of one of its Nomads
 * @param allocations the ids of its allocations, where the files that tell them may be gone. Default: those whose files are there
 * @returns how many processes and containers were ended
 * @throws UserError where a process or a mount is not to be ended by this user; nothing is removed then
 */
export async function cleanUp(
  data: string,
  { signal, allocations = allocationsIn(data) }: { signal?: AbortSignal; allocations?: ReadonlySet<string> } = {},
): Promise<number> {
  const ended = new Set<number>();
  // What ends may start something on its way out, such as what a trap runs.
  for (let round = 0; round < 5; round += 1) {
    const processes = processesIn(data);
    if (processes.length === 0) break;
    for (const pid of processes) ended.add(pid);
    refuseLeft(await endProcesses(processes, GRACE, signal));
    signal?.throwIfAborted();
  }
  signal?.throwIfAborted();
  const containers = containersIn(data, allocations);
  if (!removeContainers(containers))
    throw UserError.at(
      "",
      `Docker does not remove containers of the cluster: ${containers.map((id) => id.slice(0, 12)).join(", ")}; run docker rm --force with them, and cdk-nomad down`,
      "containers",
    );
  for (const mount of mountsIn(data)) takeAway(mount);
  removeCgroups(allocations);
  removeFolder(data);
  return ended.size + containers.length;
}

/** @throws UserError where there are some: with whose they are, and what to do */
export function refuseLeft(processes: readonly number[]): void {
  if (processes.length === 0) return;
  const users = new Set(processes.flatMap((pid) => userOf(pid) ?? []));
  const whose = users.size > 0 ? `of ${[...users].map(userInWords).join(", ")} ` : "";
  throw UserError.at(
    "",
    `${processes.length === 1 ? "process" : "processes"} ${processes.join(", ")} ${whose}cannot be ended; run cdk-nomad down as that user`,
    "processes",
  );
}

function takeAway(mount: string): void {
  try {
    unmount(mount);
  } catch {
    throw UserError.at(mount, "is a mount that cannot be taken away; run cdk-nomad down as root", "mounts");
  }
}

/** Removes a folder with all that is in it; where a link stands in its place, the link. */
function removeFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  // Whatever was mounted meanwhile is not the cluster's.
  const [mount] = mountsIn(folder);
  if (mount !== undefined)
    throw UserError.at(mount, "is mounted inside of the cluster's data; unmount it, and run cdk-nomad down", "mounts");
  if (found?.isSymbolicLink()) rmSync(folder, { force: true });
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
