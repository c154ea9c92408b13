import { createHash, randomBytes } from "node:crypto";

/** How long a ticket is good for, in milliseconds. */
const LIFETIME = 30_000;
/** How many wait to be used; the oldest goes where there are more. */
const MOST = 10_000;

/**
 * Tickets to look at one session, once: for addresses of pages, which stand in histories and logs of proxies. A ticket is good for 30 seconds, at the
 * service that gave it, which keeps no more of it than a hash.
 */
export class Tickets {
  readonly #given = new Map<string, { readonly session: string; readonly until: number }>();

  /**
   * @param now milliseconds of a monotonic clock
   * @param random bytes that nobody can foretell. Default: those of the operating system
   */
  constructor(
    private readonly now: () => number,
    private readonly random: (size: number) => Buffer = randomBytes,
  ) {}

  /** Gives a ticket for a session. */
  give(session: string): { readonly ticket: string; readonly lifetime: number } {
    const now = this.now();
    for (const [hash, { until }] of this.#given) {
      if (until > now && this.#given.size < MOST) break;
      this.#given.delete(hash);
    }
    const ticket = this.random(32).toString("base64url");
    this.#given.set(hashOf(ticket), { session, until: now + LIFETIME });
    return { ticket, lifetime: LIFETIME };
  }

  /** Takes a ticket. @returns whether it was good for the session; it is good for nothing from now on */
  take(ticket: string, session: string): boolean {
    const hash = hashOf(ticket);
    const found = this.#given.get(hash);
    this.#given.delete(hash);
    return found !== undefined && found.session === session && found.until > this.now();
  }
}

function hashOf(ticket: string): string {
  return createHash("sha256").update(ticket).digest("base64");
}
