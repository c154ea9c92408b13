import { readFileSync, writeFileSync } from "node:fs";

const FILE = "/proc/self/oom_score_adj";
/** What the kernel ends first where memory is short. */
const FIRST = "1000";

/**
 * Starts a process that ends before this one where memory is short, and that cannot change it: where this one has CAP_SYS_RESOURCE, what it starts inherits
 * the value as the least that it may have. Elsewhere the process may lower it again.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
 */
export function endedFirst<T>(start: () => T): T {
  const own = swap(FIRST);
  try {
    return start();
  } finally {
    if (own !== undefined) swap(own);
  }
}

/** @returns what it was; undefined where there is none, or it could not be changed */
function swap(value: string): string | undefined {
  try {
    const before = readFileSync(FILE, "latin1").trim();
    writeFileSync(FILE, value);
    return before;
  } catch {
    return undefined;
  }
}
