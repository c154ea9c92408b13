/** A body or a line that is longer than it may be. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";

  /**
   * @param limit how long it may be, in bytes
   * @param together whether that is for all bodies that are read at the same time
   */
  constructor(
    readonly limit: number,
    readonly together = false,
  ) {
    super(`longer than ${sizeInWords(limit)}`);
  }
}

/** What the bodies that are read at the same time may have together: each may be as long as one may be, and many are asked for at once. */
export class BodyBudget {
  #taken = 0;

  /** @param limit in bytes */
  constructor(private readonly limit: number) {}

  /** The chunks of a body, which count until it is read. @throws TooLargeError where all together have more */
  async *counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let own = 0;
    try {
      for await (const chunk of chunks) {
        own += chunk.length;
        this.#taken += chunk.length;
        if (this.#taken > this.limit) throw new TooLargeError(this.limit, true);
        yield chunk;
      }
    } finally {
      this.#taken -= own;
    }
  }
}

/** A size in bytes, as messages name it. */
export function sizeInWords(bytes: number): string {
  const [size, unit] = bytes < 1024 * 1024 ? [bytes / 1024, "KiB"] : [bytes / 1024 / 1024, "MiB"];
  return `${Math.round(size)} ${unit}`;
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
    if (size > limit) throw new TooLargeError(limit);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

/** The beginning of a body, of which the rest is not waited for. */
async function beginningOf(chunks: AsyncIterable<Uint8Array>, length: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return Buffer.concat(parts).subarray(0, length).toString();
}

/**
 * The whole text of a body whose first bytes are as they should be; of any other only the beginning, however much follows.
 *
 * @param limits in bytes
 * @throws TooLargeError where the whole is longer
 */
export async function textOrBeginning(
  chunks: AsyncIterable<Uint8Array>,
  isWanted: (first: Uint8Array) => boolean,
  limits: { readonly whole: number; readonly beginning: number },
): Promise<string> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return "";
  const whole = rejoined(first.value, iterator);
  return isWanted(first.value) ? textOf(whole, limits.whole) : beginningOf(whole, limits.beginning);
}

async function* rejoined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
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
