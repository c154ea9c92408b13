/** Waits for whoever takes the output, until the command is stopped: it may never take it, and the command's time is over all the same. */
export async function untilStopped(taken: void | Promise<void>, stopped: AbortSignal | undefined): Promise<void> {
  if (!(taken instanceof Promise) || !stopped) return taken;
  let stop = (): void => undefined;
  const over = new Promise<void>((resolve) => (stop = resolve));
  if (stopped.aborted) stop();
  else stopped.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([taken, over]);
  } finally {
    stopped.removeEventListener("abort", stop);
  }
}
