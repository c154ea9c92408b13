import { StringDecoder } from "node:string_decoder";

/** The beginning of a stream, as text: no more than a limit is kept, and a character that is split over pieces is one. */
export class Kept {
  readonly #decoder = new StringDecoder("utf8");
  readonly #parts: string[] = [];
  #left: number;
  truncated = false;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#left = limit;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length > this.#left) this.truncated = true;
    if (this.#left <= 0) return;
    const kept = chunk.subarray(0, this.#left);
    this.#left -= kept.length;
    this.#parts.push(this.#decoder.write(Buffer.from(kept.buffer, kept.byteOffset, kept.length)));
  }

  /** What was kept; a character that was cut by the limit is left out. */
  text(): string {
    const end = this.truncated ? "" : this.#decoder.end();
    return this.#parts.join("") + end;
  }
}

/** Takes a line that a stream may end with out of it, as it comes. */
export class Ending {
  #held: Buffer = Buffer.alloc(0);
  /** Whether it has come. */
  found = false;
  readonly #line: Buffer;

  /** @param line without its newline; so long and random that nothing else is equal to it */
  constructor(line: string) {
    this.#line = Buffer.from(`${line}\n`);
  }

  /** What of the stream so far is not the line, nor the beginning of one. */
  take(chunk: Uint8Array): Uint8Array {
    const whole = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    const at = whole.indexOf(this.#line);
    if (at >= 0) {
      this.found = true;
      this.#held = Buffer.alloc(0);
      return Buffer.concat([whole.subarray(0, at), whole.subarray(at + this.#line.length)]);
    }
    let keep = Math.min(this.#line.length - 1, whole.length);
    while (keep > 0 && !whole.subarray(whole.length - keep).equals(this.#line.subarray(0, keep))) keep -= 1;
    this.#held = whole.subarray(whole.length - keep);
    return whole.subarray(0, whole.length - keep);
  }

  /** What was held back, once the stream is over. */
  rest(): Uint8Array {
    return this.#held;
  }
}

/** Reads lines off the beginning of a stream, and then the rest of it. */
export class Beginning {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /**
   * The next line.
   *
   * @returns undefined where the stream ends before, or has none of a usual length
   */
  async line(longest = 4096): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        const line = Buffer.from(this.#rest.subarray(0, end)).toString();
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > longest) return undefined;
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#rest = Buffer.concat([this.#rest, value]);
    }
  }

  /** What comes after the lines. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#rest.length > 0) yield this.#rest;
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done) return;
      yield value;
    }
  }
}
