import { UserError } from "../../errors";
import type { ExecuteOptions } from "../execution";

/** What is read by a command is sent in one piece. */
const LARGEST_INPUT = 8 * 1024 * 1024;

/**
 * All that a command shall read.
 *
 * @param signal ends the waiting, also for a source that gives nothing and never ends
 * @throws UserError where it is larger than 8 MiB; the signal's reason
 */
export async function inputOf(stdin: NonNullable<ExecuteOptions["stdin"]>, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  if (typeof stdin === "string" || stdin instanceof Uint8Array) return checked(Buffer.from(stdin));
  const source = stdin[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let size = 0;
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  // Nobody may be waiting for it when it comes.
  aborted.catch(() => undefined);
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted]);
      if (next.done === true) return Buffer.concat(pieces);
      size += next.value.length;
      checkSize(size);
      pieces.push(next.value);
    }
  } catch (error) {
    // A source that never answers is not waited for.
    source.return?.().catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function checked(bytes: Buffer): Buffer {
  checkSize(bytes.length);
  return bytes;
}

function checkSize(size: number): void {
  if (size > LARGEST_INPUT)
    throw UserError.at(
      "stdin",
      `it is larger than ${LARGEST_INPUT / 1024 / 1024} MiB; write a file in the slot instead`,
      "execute/stdin",
    );
}
