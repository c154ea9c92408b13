import { unfinishedKeyIn } from "../jobspec/secrets";

/** So much is kept back for a private key that has no end yet, in characters; a key of 16,384 bits has 13,000. */
const LONGEST_KEY = 16 * 1024;

/**
 * Lines that come piece by piece, of which those of a private key stay together: a key is known by its first line and its last, and what writes it may take its
 * time. What is given back is masked as one text.
 */
export class WholeKeys {
  #kept = "";

  /** Whether lines are kept back, since a private key begins in them. */
  get isKeeping(): boolean {
    return this.#kept !== "";
  }

  /**
   * Takes lines, each with its end.
   *
   * @returns those in which no private key begins that has no end yet; "" where there are none
   */
  push(lines: string): string {
    const text = this.#kept + lines;
    const begins = unfinishedKeyIn(text);
    if (begins === undefined || text.length - begins > LONGEST_KEY) {
      this.#kept = "";
      return text;
    }
    const line = text.lastIndexOf("\n", begins) + 1;
    this.#kept = text.slice(line);
    return text.slice(0, line);
  }

  /** What was kept back; from then on it is not waited for. */
  release(): string {
    const text = this.#kept;
    this.#kept = "";
    return text;
  }
}

/** After so long without anything, a private key is not waited for any longer: seconds. */
export const KEY_PATIENCE = 5;
