import { setTimeout as sleep } from "node:timers/promises";
import { isSilent, isStillSilent, isTokenRefused, isUnreachable, passingTrouble } from "../../nomad";
import { unlessAborted } from "./abort";

/** How long a cluster may be without an answer before that counts as a failure, in milliseconds. */
const PATIENCE = 120_000;
/** How long a token may be refused that was good before, in milliseconds. */
const TOKEN_PATIENCE = 20_000;
/**
 * How long a server may take requests and not answer, in milliseconds: one that restarts refuses connections, one that hangs takes them, and
 * each of its answers is waited for long enough before. One that was silent before is not asked again at all.
 */
const SILENT_PATIENCE = 10_000;
/** Before anything has begun, a server is not waited for as long, and not where its address may be wrong. */
export const BEFORE = { patience: 20_000, unreachable: false };
/** The same for what a command only looks up: it goes on without. */
export const LOOKING = { ...BEFORE, patience: 5_000 };
const REFUSED = "Nomad refuses the token that it took before, as one does that has just restarted";

/** What asking again takes. */
export interface RetryOptions {
  /** Called when an answer stays away, once each time. */
  readonly onTrouble?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** In milliseconds. Default: two minutes. */
  readonly patience?: number;
  /**
   * Whether the server took the token before: one that has just restarted may refuse every token for a moment, until it has its state back.
   * Default: false.
   */
  readonly trusted?: boolean;
  /** Whether a server is waited for that answered before and cannot be reached any more; one that never answered is not. Default: true. */
  readonly unreachable?: boolean;
}

/**
 * Asks until there is an answer: a server that restarts, or a cluster without a leader, comes back. Pauses grow, and are a little
 * different each time.
 *
 * @throws what went wrong last, where that goes on for too long; at once whatever asking again does not mend, such as a refusal; the reason
 * of the signal once it is aborted
 */
export async function withRetries<T>(ask: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { patience = PATIENCE, unreachable = true, trusted = false, signal } = options;
  const begun = performance.now();
  for (let pause = 250, told = false; ; pause = Math.min(pause * 2, 4000)) {
    signal?.throwIfAborted();
    try {
      return await unlessAborted(ask(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      const refused = trusted && isTokenRefused(error);
      const why = refused ? REFUSED : unreachable || !isUnreachable(error) ? passingTrouble(error) : undefined;
      const limit = refused ? TOKEN_PATIENCE : isSilent(error) ? Math.min(patience, SILENT_PATIENCE) : patience;
      if (why === undefined || isStillSilent(error) || performance.now() - begun > limit) throw error;
      if (!told) options.onTrouble?.(`${why}; trying again`);
      told = true;
      await unlessAborted(sleep(pause * (0.5 + Math.random()), undefined, { signal }), signal);
    }
  }
}
