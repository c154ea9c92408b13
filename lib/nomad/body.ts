/** A body or a line that is longer than it may be. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/**
 * The whole text of a body.
 *
 * @param limit in bytes
 * @throws TooLargeError where it is longer
 */
export async function textOf(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new TooLargeError();
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

/** The beginning of a body, of which the rest is not waited for. */
export async function beginningOf(chunks: AsyncIterable<Uint8Array>, length: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(parts).subarray(0, length).toString();
}

const NEWLINE = 10;

/**
 * The lines of a body as they come, without those that are empty. Each byte is looked at once, however long a line is.
 *
 * @param limit in bytes
 * @returns undefined in the place of a line that is longer, which is left out
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string | undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (part: Uint8Array) => {
    size += part.length;
    if (size <= limit) parts.push(part);
    else parts = [];
  };
  const end = () => {
    const line = size > limit ? undefined : Buffer.concat(parts).toString();
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, at));
      start = at + 1;
      const line = end();
      if (line !== "") yield line;
    }
    take(chunk.subarray(start));
  }
  const last = end();
  if (last !== "") yield last;
}
