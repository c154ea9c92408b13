import { KEY_PATIENCE, WholeKeys, type Masking } from "../../masking";
import type { LogPosition } from "./position";

/** A line that is longer than this is not shown: what is secret in it may be cut anywhere. Bytes. */
const LONGEST_LINE = 64 * 1024;
const NEWLINE = 10;

/** What is said in the place of a line that is too long. */
export const TOO_LONG = "(not shown: a line of more than 64 KiB)\n";

/**
 * What a task writes, frame by frame, as whole lines without what is secret in them: a secret, or a character, may be cut where a frame ends, and a private key
 * goes over many lines.
 */
export class LogLines {
  #rest: Buffer[] = [];
  #length = 0;
  readonly #keys = new WholeKeys();
  #idle = 0;
  #isDiscarding: boolean;
  #position: LogPosition | undefined;
  #open = "";

  /** @param beginsInLine whether what comes begins in the middle of a line, which is left out then: a secret may have begun before */
  constructor(
    private readonly masking: Masking,
    beginsInLine: boolean,
  ) {
    this.#isDiscarding = beginsInLine;
  }

  /** Where the first line begins that was not told yet; undefined where nothing came. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  /**
   * Takes what came.
   *
   * @param end where it ends
   * @returns the lines that are whole by it, each with its end; "" where none are
   */
  push(data: Uint8Array, end: LogPosition): string {
    this.#idle = 0;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const last = bytes.lastIndexOf(NEWLINE);
    this.#position ??= { ...end, offset: end.offset - bytes.length };
    if (last < 0) {
      this.add(bytes);
      return this.tooLong();
    }
    this.add(bytes.subarray(0, last + 1));
    const whole = this.take();
    this.add(bytes.subarray(last + 1));
    const told = this.masked(this.#keys.push(whole));
    if (!this.#keys.isKeeping) this.#position = { ...end, offset: end.offset - (bytes.length - last - 1) };
    return told + this.tooLong();
  }

  /** Is told of every second in which nothing came. @returns lines that are not kept back any longer */
  idle(): string {
    this.#idle += 1;
    return this.#keys.isKeeping && this.#idle >= KEY_PATIENCE ? this.masked(this.#keys.release()) : "";
  }

  /** The line that has no end yet, such as a question, once it has stood for a second; undefined where it is as it was told before. */
  open(): string | undefined {
    const open = this.#isDiscarding || this.#keys.isKeeping ? "" : Buffer.concat(this.#rest).toString("utf8");
    if (open === this.#open) return undefined;
    this.#open = open;
    return this.masking.text(open);
  }

  /** Nothing more comes. @returns what is left */
  end(): string {
    const rest = this.take();
    return this.masked(this.#keys.release()) + this.masked(rest);
  }

  private add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#rest.push(bytes);
    this.#length += bytes.length;
  }

  /** All that came, without the rest of a line that is left out. */
  private take(): string {
    const all = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#length = 0;
    if (!this.#isDiscarding) return all.toString("utf8");
    const first = all.indexOf(NEWLINE);
    if (first < 0) return "";
    this.#isDiscarding = false;
    return all.subarray(first + 1).toString("utf8");
  }

  private tooLong(): string {
    if (this.#length <= LONGEST_LINE) return "";
    const isKnown = this.#isDiscarding;
    this.#rest = [];
    this.#length = 0;
    this.#isDiscarding = true;
    return isKnown ? "" : TOO_LONG;
  }

  private masked(text: string): string {
    return text === "" ? "" : this.masking.text(text);
  }
}
