import { readFileSync } from "node:fs";
import { endAll, hasVariable, kill, processesWhere } from "./processes";

/**
 * Ends the server that had this one's allocation before, and that Nomad knows nothing of any more: an agent that ends between the start of a task and the
 * writing of it starts the task again, and the first server has the port, the folder and its slots' users. A server that nobody's allocation is of is left
 * alone: whoever starts two by hand is told that the port is taken.
 *
 * @returns the processes that were ended
 * @see https://developer.hashicorp.com/nomad/docs/runtime/environment
 */
export async function endLeftServer(environment: NodeJS.ProcessEnv): Promise<readonly number[]> {
  const { NOMAD_ALLOC_ID: allocation = "", NOMAD_TASK_NAME: task = "" } = environment;
  const own = commandOf("self");
  if (allocation === "" || task === "" || own === undefined) return [];
  const found = () =>
    processesWhere(
      (pid) =>
        commandOf(pid) === own &&
        hasVariable(pid, `NOMAD_ALLOC_ID=${allocation}\0`) &&
        hasVariable(pid, `NOMAD_TASK_NAME=${task}\0`),
    );
  const ended = new Set<number>();
  await endAll(
    () => found().length === 0,
    () => {
      for (const pid of found()) {
        ended.add(pid);
        kill(pid);
      }
    },
  );
  return [...ended];
}

function commandOf(process: number | "self"): string | undefined {
  try {
    return readFileSync(`/proc/${process}/cmdline`, "utf8");
  } catch {
    return undefined;
  }
}
