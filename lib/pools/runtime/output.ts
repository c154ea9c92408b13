/** A piece of what a command wrote. */
export interface OutputChunk {
  /** Where it was written. */
  readonly stream: "stdout" | "stderr";
  /** What was written, as it came: a character may be cut. */
  readonly data: Uint8Array;
}

/** What is kept of what a command wrote. */
export interface KeptOutput {
  /** The beginning of its standard output, as UTF-8. */
  readonly stdout: string;
  /** The beginning of its standard error, as UTF-8. */
  readonly stderr: string;
  /** Whether something was dropped: it wrote more than is kept. */
  readonly truncated: boolean;
}

/**
 * What one command writes: its beginning is kept, within a limit for both streams together, and whoever follows is given all of it. Somebody
 * who follows slowly holds the command up, so that nothing is lost and nothing piles up here.
 */
export class Output {
  readonly #kept: OutputChunk[] = [];
  readonly #followers = new Set<Follower>();
  #size = 0;
  #truncated = false;
  #ended = false;

  /** @param limit bytes that are kept */
  constructor(private readonly limit: number) {}

  /** Takes a piece. @returns when everybody who follows has room for the next */
  async write(stream: OutputChunk["stream"], data: Uint8Array): Promise<void> {
    const room = this.limit - this.#size;
    if (data.byteLength > room) this.#truncated = true;
    if (room > 0) {
      // A copy: whoever wrote may use the memory again.
      const kept = Uint8Array.from(data.subarray(0, room));
      this.#kept.push({ stream, data: kept });
      this.#size += kept.byteLength;
    }
    await Promise.all([...this.#followers].map((follower) => follower.give({ stream, data })));
  }

  /** Nothing more is written. */
  end(): void {
    this.#ended = true;
    for (const follower of this.#followers) follower.end();
  }

  /** What is kept, as UTF-8. */
  kept(): KeptOutput {
    const text = (stream: OutputChunk["stream"]) =>
      Buffer.concat(this.#kept.filter((chunk) => chunk.stream === stream).map(({ data }) => data)).toString();
    return { stdout: text("stdout"), stderr: text("stderr"), truncated: this.#truncated };
  }

  /** What is kept from the beginning, then what comes, until the command has ended. */
  async *follow(signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    const follower = new Follower([...this.#kept]);
    if (this.#ended) follower.end();
    else this.#followers.add(follower);
    const stop = () => follower.end();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for (let chunk = await follower.next(); chunk && !signal?.aborted; chunk = await follower.next()) yield chunk;
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#followers.delete(follower);
      follower.end();
    }
  }
}

/** Chunks that wait for somebody who follows before the command is held up. */
const READ_AHEAD = 16;

class Follower {
  #ended = false;
  #wake: () => void = () => undefined;
  /** Those who have written and wait for room: both streams may be written at a time. */
  readonly #waiters: (() => void)[] = [];

  constructor(private readonly waiting: OutputChunk[]) {}

  async give(chunk: OutputChunk): Promise<void> {
    if (this.#ended) return;
    this.waiting.push({ stream: chunk.stream, data: Uint8Array.from(chunk.data) });
    this.#wake();
    if (this.waiting.length > READ_AHEAD) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async next(): Promise<OutputChunk | undefined> {
    while (this.waiting.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    const chunk = this.waiting.shift();
    if (this.waiting.length <= READ_AHEAD) this.letGo();
    return chunk;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
    this.letGo();
  }

  private letGo(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
