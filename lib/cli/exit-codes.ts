import type { JobOutcome } from "../operations";

/** Exit codes that say more than whether it went well. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** `preview` and `drift`: something differs. */
  changes: 2,
  /** A canary is healthy, and somebody has to promote it. */
  waitingForPromotion: 3,
  /** It was not waited for any longer; it goes on. */
  timedOut: 4,
  /** Ctrl-C; it goes on. */
  interrupted: 130,
} as const;

/** The exit code of deployments that ended: the worst of them. */
export function exitCodeOf(outcomes: readonly Pick<JobOutcome, "result">[]): number {
  const some = (result: JobOutcome["result"]) => outcomes.some((outcome) => outcome.result === result);
  if (some("failed")) return EXIT.failed;
  if (some("timed-out")) return EXIT.timedOut;
  return some("waiting-for-promotion") ? EXIT.waitingForPromotion : EXIT.ok;
}

/** Said in the help of every command that watches deployments. */
export const WATCHING_EXIT_CODES =
  "Exit code: 0 healthy, 1 failed, 3 a canary waits for its promotion, 4 not done in time, 130 interrupted.";
