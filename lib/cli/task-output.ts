import { StringDecoder } from "node:string_decoder";
import { KEY_PATIENCE, WholeKeys } from "../masking";
import { block, type TerminalText } from "../text";

/** A line that is longer than this is shown in parts, so that a task cannot fill our memory: characters. */
const LONGEST_LINE = 65_536;
/** The codes that only colour: a task may well write them, and they say nothing. */
const COLOURS = /\u001b\[[0-9;]*m/g;

/** What a task wrote, as text: without its colours, and with everything else that would act on a terminal shown. */
export function taskText(text: string): TerminalText {
  return block(text.replaceAll(COLOURS, ""));
}

/**
 * What a task writes, chunk by chunk, as whole lines: a secret, or a character, may be cut where a chunk ends, and a private key goes over many lines, which are
 * printed together.
 */
export class TaskOutput {
  readonly #decoder = new StringDecoder("utf8");
  readonly #keys = new WholeKeys();
  #rest = "";
  #patience: NodeJS.Timeout | undefined;

  /** @param patience for how long nothing may come before a private key is not waited for any longer, in milliseconds */
  constructor(
    private readonly print: (lines: TerminalText) => void,
    private readonly patience = KEY_PATIENCE * 1000,
  ) {}

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const end = this.#rest.lastIndexOf("\n");
    if (end >= 0) {
      this.lines(this.#keys.push(this.#rest.slice(0, end + 1)));
      this.#rest = this.#rest.slice(end + 1);
    }
    if (this.#rest.length > LONGEST_LINE) return this.end();
    clearTimeout(this.#patience);
    if (this.#keys.isKeeping)
      this.#patience = setTimeout(() => this.lines(this.#keys.release()), this.patience).unref();
  }

  /** What is left: lines that were kept back, and the last one, which may have no end. */
  end(): void {
    clearTimeout(this.#patience);
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    this.lines(this.#keys.release() + rest);
  }

  private lines(text: string): void {
    if (text !== "") this.print(taskText(text.replace(/\n$/, "")));
  }
}
