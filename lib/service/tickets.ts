import { SecretsInMemory, type SecretsInMemoryOptions } from "./secrets-in-memory";

/** How long a ticket is good for, in milliseconds. */
const LIFETIME = 30_000;
/** How many wait to be used. */
const MOST = 10_000;
/** How many of them are of one session. */
const MOST_OF_SESSION = 20;

/** What a ticket is of, and to whom it was given. */
interface Given<Holder> {
  readonly session: string;
  readonly holder: Holder;
}

/**
 * Tickets to look at one browser session, once: for addresses of pages, which stand in histories and logs of proxies. A ticket is good for 30 seconds, at the
 * service that gave it, which keeps with it for whom it was.
 */
export class Tickets<Holder> {
  readonly #given: SecretsInMemory<Given<Holder>>;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number, random?: SecretsInMemoryOptions<unknown>["random"]) {
    const ofOne = { whose: ({ session }: Given<Holder>) => session, most: MOST_OF_SESSION };
    this.#given = new SecretsInMemory<Given<Holder>>({ lifetime: LIFETIME, most: MOST, ofOne, now, random });
  }

  /** Gives somebody a ticket for a session. */
  give(session: string, holder: Holder): { readonly ticket: string; readonly lifetime: number } {
    return { ticket: this.#given.give({ session, holder }), lifetime: LIFETIME };
  }

  /** Takes a ticket, which is good for nothing from now on. @returns to whom it was given, where it was good for the session */
  take(ticket: string, session: string): Holder | undefined {
    const found = this.#given.take(ticket);
    return found?.session === session ? found.holder : undefined;
  }
}
