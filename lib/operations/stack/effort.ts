import { UserError } from "../../errors";
import type { TerraformValue } from "./functions";

/** A stack whose templates make more than is read. */
export class TooMuch extends UserError {}

/**
 * What is left of the work that the templates of one stack may make: a short text in a file names a long value as often as it likes, and what it
 * makes is counted before it is made.
 */
export class Effort {
  #left: number;

  /**
   * @param most characters that all templates together may read and write
   * @param name the stack's
   */
  constructor(
    private readonly most: number,
    private readonly name: string,
  ) {
    this.#left = most;
  }

  /**
   * Counts values that are read or written.
   *
   * @param weight how many times longer each character takes than one that is copied
   * @throws TooMuch where no more is left
   */
  spend(values: readonly (TerraformValue | undefined)[], weight = 1): void {
    for (const value of values) {
      this.#left -= sizeOf(value) * weight;
      if (this.#left < 0)
        throw new TooMuch([
          {
            rule: "synthesized",
            path: [this.name],
            message: `its templates read and write more than ${this.most} characters, more than are evaluated; write long values once, or shorter`,
            severity: "error",
          },
        ]);
    }
  }
}

function sizeOf(value: TerraformValue | undefined): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + sizeOf(item as TerraformValue), 8);
}
