import { setTimeout as sleep } from "node:timers/promises";
import type { AllocationStub, NomadClient } from "../nomad";

/** Nomad writes what a task said into its file ten times a second, and once more after the task's end: milliseconds until that is surely done. */
const WRITTEN = 300;
/** Drivers whose output is collected by a process beside the container, which starts after it and is stopped with it. */
const COLLECTED_BESIDE: readonly string[] = ["docker", "podman"];
/** A container that ran as long had its output collected: milliseconds. */
const LONG_ENOUGH = 2000;

/** What a task wrote that has ended, and also what came into its file only after the end. */
export async function* outputOfEnded(
  nomad: NomadClient,
  allocation: string,
  task: string,
  options: { readonly stream: "stdout" | "stderr"; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const chunk of nomad.logs(allocation, task, options)) {
    offset += chunk.length;
    yield chunk;
  }
  await sleep(WRITTEN, undefined, { signal: options.signal });
  yield* nomad.logs(allocation, task, { ...options, offset });
}

/**
 * Why it is not known whether a task that has ended, and of which there is no output, wrote none; undefined where it is known.
 *
 * @see https://developer.hashicorp.com/nomad/docs/deploy/task-driver/docker
 */
export async function whyPerhapsLost(
  nomad: NomadClient,
  { ID: id, TaskGroup: group, TaskStates }: AllocationStub,
  task: string,
): Promise<string | undefined> {
  const { StartedAt: started, FinishedAt: finished } = TaskStates[task] ?? {};
  // Both are of the node's clock.
  const lived = Date.parse(finished ?? "") - Date.parse(started ?? "");
  if (!(lived < LONG_ENOUGH)) return undefined;
  const made = (await nomad.allocation(id))?.Job?.TaskGroups.find(({ Name }) => Name === group);
  const driver = made?.Tasks.find(({ Name }) => Name === task)?.Driver ?? "";
  if (!COLLECTED_BESIDE.includes(driver)) return undefined;
  return (
    `nothing was collected of what it wrote: its container ran for ${(lived / 1000).toFixed(1)} s, and Nomad's driver ${driver} begins to collect after the start and stops with ` +
    "the end, so that the output of a short one may be lost; let it run for 2 s or longer"
  );
}
