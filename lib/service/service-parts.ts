import type { FastifyRequest } from "fastify";
import type { AuditedCaller } from "./audit";
import type { Viewer } from "./authorize";
import type { PoolHistory } from "./pool-history";
import type { Metrics } from "./metrics";
import type { Dependency, Pools } from "./pools";
import type { Running } from "./run-command";
import type { Scope } from "./facts";

/** A few at once, and no queue. */
export interface FewAtOnce {
  /**
   * Takes a place.
   *
   * @returns what gives it back
   * @throws what `refuse` makes, at once, where there is none
   */
  enter(refuse: () => Error): () => void;
}

/** What the routes share. */
export interface ServiceParts {
  readonly pools: Pools;
  readonly metrics: Metrics;
  readonly running: Running;
  /** Jobs of their own, for commands that no container was free for. */
  readonly cold: FewAtOnce;
  /** How the pools did in the last hour. */
  readonly history: PoolHistory;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** What the service needs, and whether it answers. */
  readonly dependencies: () => Promise<readonly Dependency[]>;
  /** Writes a line of the audit log about somebody who is no caller of the request. */
  readonly audit: (line: AuditedCaller) => void;
  /** Looks again at who asked, while they go on being answered. @throws HttpProblem where they might not ask any more */
  readonly askedAgain: (request: FastifyRequest) => Promise<void>;
  /** The same of somebody who is known by a ticket. @throws HttpProblem */
  readonly stillMay: (viewer: Viewer, scope: Scope) => Promise<void>;
  /** Whoever asks, for a ticket. */
  readonly viewerOf: (request: FastifyRequest) => Viewer;
  /** What tells those who ask from one another, for limits: a browser's session, or a token. It is secret. */
  readonly askerOf: (request: FastifyRequest) => string;
  /** Work that nobody waits for; the service waits for it before it ends. */
  readonly inBackground: (work: Promise<unknown>) => void;
}

/** Allows so many at once. */
export function fewAtOnce(most: number): FewAtOnce {
  let running = 0;
  return {
    enter: (refuse) => {
      if (running >= most) throw refuse();
      running += 1;
      return () => (running -= 1);
    },
  };
}
