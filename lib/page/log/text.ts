import type { Masking } from "../../masking";
import type { TaskLog } from "../api";

/**
 * The last of what a task wrote, without secrets.
 * @param written its last bytes
 * @param most so many were asked for: where all of them came, more may stand before
 */
export function logText(written: Buffer, most: number, masking: Masking): TaskLog {
  const text = written.toString("utf8");
  if (written.length < most) return { text: masking.text(text), isWhole: true };
  // What begins in the middle of a line may begin in the middle of a secret.
  const line = text.indexOf("\n");
  return { text: line < 0 ? ONE_LINE : masking.text(text.slice(line + 1)), isWhole: false };
}

const ONE_LINE = "(not shown: it is the end of one line, and what is secret in it may have begun before)";
