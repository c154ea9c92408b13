import { setMaxListeners } from "node:events";

/**
 * What something comes to, or the reason of a signal that ends it first: a request that hangs does not hear of the signal by itself.
 *
 * @throws the signal's reason once it is aborted
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  // Many pieces of work end by one signal, and that is no leak: Node would warn of it from eleven on.
  setMaxListeners(0, signal);
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // What goes wrong with it later is nobody's concern any more.
    work.catch(() => undefined);
  }
}
