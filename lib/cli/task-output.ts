import { StringDecoder } from "node:string_decoder";
import { block, type TerminalText } from "../text";

/** A line that is longer than this is shown in parts, so that a task cannot fill our memory: characters. */
const LONGEST_LINE = 65_536;
/** The codes that only colour: a task may well write them, and they say nothing. */
const COLOURS = /\u001b\[[0-9;]*m/g;

/** What a task wrote, as text: without its colours, and with everything else that would act on a terminal shown. */
export function taskText(text: string): TerminalText {
  return block(text.replaceAll(COLOURS, ""));
}

/** What a task writes, chunk by chunk, as whole lines: a secret, or a character, may be cut where a chunk ends. */
export class TaskOutput {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(private readonly print: (lines: TerminalText) => void) {}

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const end = this.#rest.lastIndexOf("\n");
    if (end >= 0) {
      this.print(taskText(this.#rest.slice(0, end)));
      this.#rest = this.#rest.slice(end + 1);
    }
    if (this.#rest.length > LONGEST_LINE) this.end();
  }

  /** The last line, which may have no end. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (rest !== "") this.print(taskText(rest));
  }
}
