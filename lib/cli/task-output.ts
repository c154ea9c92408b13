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
    while (this.#rest.length > LONGEST_LINE) {
      const part = partEnd(this.#rest);
      this.lines(this.#keys.release() + this.#rest.slice(0, part));
      this.#rest = this.#rest.slice(part);
    }
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

/** So much of the end of a part is looked through for a place where it can be cut, and so much before that for an option, in characters. */
const LONGEST_WORD = 4096;
const LONGEST_OPTION = 64;

/** Where a line is cut that is too long: behind a word, where there is one, that neither is an option nor waits for its value, so that no secret has a half in each part. */
function partEnd(line: string): number {
  for (let at = LONGEST_LINE - 1; at > LONGEST_LINE - LONGEST_WORD; at -= 1) {
    if (!/[\s,;&]/.test(line[at] ?? "")) continue;
    const [word = ""] = /\S*\s*$/.exec(line.slice(at - LONGEST_OPTION, at)) ?? [];
    if (word !== "" && !/^["']?-|[:=]["']?\s*$|^(?:bearer|basic)\s*$/i.test(word)) return at + 1;
  }
  return LONGEST_LINE;
}
