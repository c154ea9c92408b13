import type { EventEmitter } from "node:events";
import { renderTerminal } from "../text";
import { errorText } from "./error-text";

/** What a pipe or a socket says whose reader went away. */
const GONE: readonly (string | undefined)[] = ["EPIPE", "ECONNRESET"];

/**
 * Watches whether what is printed arrives.
 *
 * @returns asks why it did not, as a line for stderr; undefined where all arrived, or where the reader went away, which it may (`| head -1`)
 */
export function lostOutput(stdout: EventEmitter): () => string | undefined {
  let lost: NodeJS.ErrnoException | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (!GONE.includes(error.code)) lost ??= error;
  });
  return () =>
    lost && renderTerminal(errorText(Object.assign(lost, { path: "stdout" })), { color: false, mask: (same) => same });
}
