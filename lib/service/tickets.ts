import { SecretsInMemory, type SecretsInMemoryOptions } from "./secrets-in-memory";

/** How long a ticket is good for, in milliseconds. */
const LIFETIME = 30_000;
/** How many wait to be used. */
const MOST = 10_000;

/**
 * Tickets to look at one browser session, once: for addresses of pages, which stand in histories and logs of proxies. A ticket is good for 30 seconds, at the
 * service that gave it.
 */
export class Tickets {
  readonly #given: SecretsInMemory<string>;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number, random?: SecretsInMemoryOptions["random"]) {
    this.#given = new SecretsInMemory({ lifetime: LIFETIME, most: MOST, now, random });
  }

  /** Gives a ticket for a session. */
  give(session: string): { readonly ticket: string; readonly lifetime: number } {
    return { ticket: this.#given.give(session), lifetime: LIFETIME };
  }

  /** Takes a ticket. @returns whether it was good for the session; it is good for nothing from now on */
  take(ticket: string, session: string): boolean {
    return this.#given.take(ticket) === session;
  }
}
