/**
 * Does something where this process ends before its own end of the matter. Any number of these at once are no leak: each is taken back, so
 * Node's warning of too many listeners would be false.
 *
 * @returns takes it back
 */
export function atExit(run: () => void): () => void {
  const most = process.getMaxListeners();
  const count = process.listenerCount("exit") + 1;
  if (most > 0 && count > most) process.setMaxListeners(count);
  process.once("exit", run);
  return () => void process.off("exit", run);
}
