/** The beginning of a stream, as text: what comes beyond the limit is dropped, and that is told. */
export class BoundedText {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #dropped = false;

  /** @param limit characters (UTF-16 units) */
  constructor(private readonly limit: number) {}

  add(chunk: Buffer): void {
    // No character takes more than three bytes for each unit.
    const room = this.limit * 3 - this.#bytes;
    if (room <= 0) {
      this.#dropped = true;
      return;
    }
    const kept = chunk.length > room ? Buffer.from(chunk.subarray(0, room)) : chunk;
    if (kept.length < chunk.length) this.#dropped = true;
    this.#chunks.push(kept);
    this.#bytes += kept.length;
  }

  /** What was kept, and whether something was dropped. */
  get(): { readonly text: string; readonly truncated: boolean } {
    const whole = Buffer.concat(this.#chunks).toString("utf8");
    const truncated = this.#dropped || whole.length > this.limit;
    return { text: truncated ? whole.slice(0, this.limit).toWellFormed() : whole, truncated };
  }
}

/** The bytes of a stream up to a limit. */
export class BoundedBytes {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly limit: number) {}

  add(chunk: Buffer): void {
    if (this.#bytes + chunk.length > this.limit) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  get(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
