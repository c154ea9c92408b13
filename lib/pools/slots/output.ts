import type { ExecuteOptions } from "../execution";
import type { OutputSink } from "./sandbox-client";

const LIMIT = 1024 * 1024;

/** What a command writes: handed on as it comes, or kept up to a limit. */
export class Output implements OutputSink {
  truncated = false;
  readonly #kept = { stdout: new Kept(), stderr: new Kept() };

  constructor(private readonly options: Pick<ExecuteOptions, "onStdout" | "onStderr" | "outputLimit">) {}

  async stdout(chunk: Uint8Array): Promise<void> {
    await this.take(chunk, "stdout", this.options.onStdout);
  }

  async stderr(chunk: Uint8Array): Promise<void> {
    await this.take(chunk, "stderr", this.options.onStderr);
  }

  /** Takes what comes with the answer and not as a stream. */
  async add(output: string, error: string): Promise<void> {
    if (output !== "") await this.stdout(Buffer.from(output));
    if (error !== "") await this.stderr(Buffer.from(error));
  }

  texts(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#kept.stdout.text(), stderr: this.#kept.stderr.text() };
  }

  private async take(chunk: Uint8Array, stream: "stdout" | "stderr", hand: ExecuteOptions["onStdout"]): Promise<void> {
    if (hand !== undefined) await hand(chunk);
    else if (!this.#kept[stream].add(chunk, this.options.outputLimit ?? LIMIT)) this.truncated = true;
  }
}

/** The beginning of a stream. */
class Kept {
  readonly #pieces: Uint8Array[] = [];
  size = 0;

  /** @returns whether all of it was kept */
  add(chunk: Uint8Array, limit: number): boolean {
    const room = limit - this.size;
    const piece = chunk.length > room ? chunk.subarray(0, Math.max(0, room)) : chunk;
    this.#pieces.push(piece);
    this.size += piece.length;
    return piece === chunk;
  }

  /** As UTF-8; a character that was cut at the limit is left out. */
  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#pieces), { stream: true });
  }
}
