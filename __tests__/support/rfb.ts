import type { ScreenStream } from "../../lib/pools";

/** Bytes of a pixel, as {@link Rfb} asks for them: blue, green, red and nothing. */
const PIXEL = 4;
/** Keys that are no character. */
const ENTER = 0xff0d;

/**
 * Somebody at a screen, by the protocol RFB without anything between: looks at pixels, types and clicks.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6143
 */
export class Rfb {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #waiting = Buffer.alloc(0);

  private constructor(private readonly stream: ScreenStream) {
    this.#chunks = stream.stdout[Symbol.asyncIterator]();
  }

  /** Greets a server that wants no password, and asks for plain pixels. */
  static async connect(stream: ScreenStream): Promise<Rfb> {
    const screen = new Rfb(stream);
    const version = (await screen.read(12)).toString("latin1");
    if (version !== "RFB 003.008\n") throw new Error(`a version of RFB that is not known: ${version}`);
    await stream.write(Buffer.from(version));
    const [count = 0] = await screen.read(1);
    if (!(await screen.read(count)).includes(1)) throw new Error("the screen wants a password");
    await stream.write(Buffer.from([1]));
    if ((await screen.read(4)).readUInt32BE() !== 0) throw new Error("the screen refused");
    await stream.write(Buffer.from([1]));
    const start = await screen.read(24);
    await screen.read(start.readUInt32BE(20));
    // 32 bits, 24 of them used, little-endian, true colour, 255 of each; raw.
    const format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0];
    await stream.write(Buffer.from([0, 0, 0, 0, ...format]));
    await stream.write(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]));
    return screen;
  }

  /** The colour of a pixel as it is now. */
  async pixel(x: number, y: number): Promise<{ readonly red: number; readonly green: number; readonly blue: number }> {
    const request = Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    request.writeUInt16BE(x, 2);
    request.writeUInt16BE(y, 4);
    await this.stream.write(request);
    for (;;) {
      const [kind = -1] = await this.read(1);
      if (kind === 2) continue;
      if (kind !== 0) throw new Error(`a message of RFB that nobody asked for: ${kind}`);
      const found = await this.update(x, y);
      if (found) return found;
    }
  }

  /** Types a text, a key after another as a person does. @param pause milliseconds between two of them */
  async type(text: string, pause = 60): Promise<void> {
    for (const character of text) await this.key(character === "\n" ? ENTER : (character.codePointAt(0) ?? 0), pause);
  }

  async click(x: number, y: number): Promise<void> {
    for (const buttons of [0, 1, 0]) {
      const event = Buffer.from([5, buttons, 0, 0, 0, 0]);
      event.writeUInt16BE(x, 2);
      event.writeUInt16BE(y, 4);
      await this.stream.write(event);
      await nap(100);
    }
  }

  /** Lets go of the screen, so that what carries it ends. */
  close(): void {
    void this.stream.end().catch(() => undefined);
    this.stream.close();
  }

  private async key(symbol: number, pause: number): Promise<void> {
    for (const isDown of [1, 0]) {
      const event = Buffer.from([4, isDown, 0, 0, 0, 0, 0, 0]);
      event.writeUInt32BE(symbol, 4);
      await this.stream.write(event);
      await nap(pause / 2);
    }
  }

  /** Reads an update; the pixel's colour, where it is in it. */
  private async update(x: number, y: number) {
    const count = (await this.read(3)).readUInt16BE(1);
    let found: { red: number; green: number; blue: number } | undefined;
    for (let index = 0; index < count; index += 1) {
      const head = await this.read(12);
      const [left, top, width, height] = [0, 2, 4, 6].map((at) => head.readUInt16BE(at)) as [
        number,
        number,
        number,
        number,
      ];
      if (head.readInt32BE(8) !== 0) throw new Error("an encoding that nobody asked for");
      const pixels = await this.read(width * height * PIXEL);
      if (x < left || x >= left + width || y < top || y >= top + height) continue;
      const at = ((y - top) * width + (x - left)) * PIXEL;
      found = { blue: pixels[at] ?? 0, green: pixels[at + 1] ?? 0, red: pixels[at + 2] ?? 0 };
    }
    return found;
  }

  private async read(length: number): Promise<Buffer> {
    const parts = [this.#waiting];
    for (let held = this.#waiting.length; held < length;) {
      const { done, value } = await this.#chunks.next();
      if (done) throw new Error("the screen has ended");
      parts.push(Buffer.from(value));
      held += value.length;
    }
    const all = parts.length === 1 ? this.#waiting : Buffer.concat(parts);
    this.#waiting = all.subarray(length);
    return all.subarray(0, length);
  }
}

async function nap(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
