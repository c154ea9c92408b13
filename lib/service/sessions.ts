import { SecretsInMemory, type SecretsInMemoryOptions } from "./secrets-in-memory";
import type { Caller } from "./tokens";

/** For how long a one-time token opens a session, in milliseconds: a person's browser starts within it. */
const ONE_TIME = 120_000;
/** For how long a session stands, in milliseconds. */
export const SESSION = 12 * 60 * 60_000;
/** So many of each there may be. */
const MOST = 10_000;
/** So many of each one owner may have. */
const MOST_OF_OWNER = 50;

/** Sessions of people who look at the page in a browser: a token that can be used once leads to a cookie. */
export class Sessions {
  readonly #oneTime: SecretsInMemory<Caller>;
  readonly #open: SecretsInMemory<Caller>;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number, random?: SecretsInMemoryOptions<Caller>["random"]) {
    const ofOne = { whose: ({ owner }: Caller) => owner, most: MOST_OF_OWNER };
    const common = { most: MOST, ofOne, now, random };
    this.#oneTime = new SecretsInMemory({ ...common, lifetime: ONE_TIME });
    this.#open = new SecretsInMemory({ ...common, lifetime: SESSION });
  }

  /** Makes a token that opens one session for somebody, once, within two minutes. */
  oneTimeToken(caller: Caller): string {
    return this.#oneTime.give(caller);
  }

  /** Opens a session by a one-time token, which is of no use from then on. @returns the session's secret; undefined where the token is not known */
  redeem(oneTimeToken: string): string | undefined {
    const caller = this.#oneTime.take(oneTimeToken);
    return caller && this.open(caller);
  }

  /** Opens a session for somebody who has proved who they are. @returns the session's secret */
  open(caller: Caller): string {
    return this.#open.give(caller);
  }

  /** Whose a session is; undefined where there is no such session, or its time is over. */
  find(secret: string): Caller | undefined {
    return this.#open.find(secret);
  }

  /** Ends a session. */
  end(secret: string): void {
    this.#open.take(secret);
  }
}
