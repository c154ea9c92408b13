/** Is aborted where a client goes away before it is answered. */
export function goneSignal(raw: NodeJS.EventEmitter & { readonly writableEnded: boolean }): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableEnded) gone.abort();
  });
  return gone.signal;
}

/** Does something once a client has gone, or at once where it has already: what it was to be given, it knows nothing of. */
export function whenGone(gone: AbortSignal, work: () => void): void {
  if (gone.aborted) work();
  else gone.addEventListener("abort", work, { once: true });
}
