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
  /** `capacity`: not everything that the jobs ask for finds a place. */
  noRoom: 5,
  /** `status` of the embedded cluster: not all of it runs, or something of it runs that nobody watches. */
  partial: 6,
  /** `status` of the embedded cluster: nothing of it runs. */
  stopped: 7,
  /** `preview`: a deployment would be refused. */
  refused: 8,
  /** Ctrl-C; it goes on. */
  interrupted: 130,
  /** SIGTERM; it goes on. */
  terminated: 143,
} as const;

/** The exit code of a command. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Exit codes of every command that watches deployments. */
export const WATCHING_EXIT_CODES = {
  [EXIT.ok]: "healthy",
  [EXIT.failed]: "failed",
  [EXIT.waitingForPromotion]: "a canary waits for its promotion",
  [EXIT.timedOut]: "not done in time",
} as const;

/** The exit code of deployments that ended: the worst of them. */
export function exitCodeOf(outcomes: readonly Pick<JobOutcome, "result">[]): keyof typeof WATCHING_EXIT_CODES {
  const some = (result: JobOutcome["result"]) => outcomes.some((outcome) => outcome.result === result);
  if (some("failed")) return EXIT.failed;
  if (some("timed-out")) return EXIT.timedOut;
  return some("waiting-for-promotion") ? EXIT.waitingForPromotion : EXIT.ok;
}
