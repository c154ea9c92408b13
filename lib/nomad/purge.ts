import { setTimeout as sleep } from "node:timers/promises";
import type { NomadClient } from "./client";
import { ApiError } from "./errors";

/** How long the scheduler is given to stop what a job runs, in milliseconds. */
const PATIENCE = 10_000;
const INTERVAL = 50;

/**
 * Stops a job, and forgets it once the scheduler has stopped what it ran: a Nomad 1.11 that is told to forget a job while it still places its
 * allocations can end with it. A job that somebody registers anew meanwhile stays.
 *
 * @param options `purge`: whether it is forgotten. Default: true
 * @returns the evaluation that stopped it; undefined where there is no such job
 */
export async function stopAndPurge(
  nomad: NomadClient,
  id: string,
  { purge = true, signal }: { readonly purge?: boolean; readonly signal?: AbortSignal } = {},
): Promise<string | undefined> {
  if ((await nomad.job(id)) === undefined) return undefined;
  const { EvalID: evaluation } = await nomad.deregister(id, { purge: false });
  if (!purge) return evaluation;
  await evaluated(nomad, evaluation, signal);
  await purgeStopped(nomad, id);
  return evaluation;
}

/** Waits until the scheduler is done with an evaluation, 10 s at most. */
export async function evaluated(nomad: NomadClient, evaluation: string, signal?: AbortSignal): Promise<void> {
  const until = performance.now() + PATIENCE;
  while (evaluation !== "" && performance.now() < until) {
    const status = (await nomad.evaluation(evaluation))?.Status;
    if (status !== "pending") return;
    await sleep(INTERVAL, undefined, { signal });
  }
}

/** Forgets a job that is stopped. One that somebody has registered anew meanwhile is theirs, and stays. */
export async function purgeStopped(nomad: NomadClient, id: string): Promise<void> {
  if ((await nomad.job(id))?.Stop !== true) return;
  try {
    await nomad.deregister(id, { purge: true });
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}
