import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import type { Progress } from "./progress";

/** A lock of which nothing was heard for so long is that of a process that has ended, in milliseconds. */
const STALE = 30_000;
const LOOK = 500;

/**
 * Does something with a folder that only one process of the machine may do at a time: the others wait, and say so.
 *
 * @param options `waiting`: what is said where somebody else does it
 */
export async function oneAtATime<T>(
  folder: string,
  {
    waiting,
    progress,
    signal,
  }: { readonly waiting: string; readonly progress: Progress; readonly signal?: AbortSignal },
  run: () => Promise<T>,
): Promise<T> {
  let release: (() => Promise<void>) | undefined;
  for (let told = false; release === undefined;) {
    try {
      // Whether the lock was taken away meanwhile, as after a machine that slept, is of no matter: what is made is put in its place in one step.
      release = await lock(folder, {
        realpath: false,
        stale: STALE,
        update: STALE / 3,
        onCompromised: () => undefined,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      if (!told) progress.step(waiting);
      told = true;
      await sleep(LOOK, undefined, { signal });
    }
  }
  try {
    return await run();
  } finally {
    await release().catch(() => undefined);
  }
}
