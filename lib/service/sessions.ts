import { createHash, randomBytes } from "node:crypto";
import type { Caller } from "./tokens";

/** For how long a one-time token opens a session, in milliseconds: a person's browser starts within it. */
const ONE_TIME = 120_000;
/** For how long a session stands, in milliseconds. */
export const SESSION = 12 * 60 * 60_000;
/** So many of each there may be: the oldest one ends for a new one. */
const MOST = 1000;

interface Kept {
  readonly caller: Caller;
  readonly until: number;
}

/**
 * Sessions of people who look at the page in a browser: a token that can be used once leads to a cookie. They stand in this process alone, and end with
 * it, so that nothing which opens one is written anywhere; of both the process itself has only hashes.
 */
export class Sessions {
  readonly #oneTime = new Map<string, Kept>();
  readonly #open = new Map<string, Kept>();

  /**
   * @param now a monotonic clock, in milliseconds
   * @param random bytes that nobody can foretell. Default: those of the operating system
   */
  constructor(
    private readonly now: () => number,
    private readonly random: (bytes: number) => Buffer = randomBytes,
  ) {}

  /** Makes a token that opens one session for somebody, once, within two minutes. */
  oneTimeToken(caller: Caller): string {
    return this.keep(this.#oneTime, caller, ONE_TIME);
  }

  /** Opens a session by a one-time token, which is of no use from then on. @returns the session's secret; undefined where the token is not known */
  redeem(oneTimeToken: string): string | undefined {
    const found = this.take(this.#oneTime, oneTimeToken);
    this.#oneTime.delete(digest(oneTimeToken));
    return found && this.open(found);
  }

  /** Opens a session for somebody who has proved who they are. @returns the session's secret */
  open(caller: Caller): string {
    return this.keep(this.#open, caller, SESSION);
  }

  /** Whose a session is; undefined where there is no such session, or its time is over. */
  find(secret: string): Caller | undefined {
    return this.take(this.#open, secret);
  }

  end(secret: string): void {
    this.#open.delete(digest(secret));
  }

  private keep(all: Map<string, Kept>, caller: Caller, lifetime: number): string {
    for (const [key, { until }] of all) if (until <= this.now()) all.delete(key);
    // A map keeps the order in which its entries came.
    for (const key of all.keys()) if (all.size >= MOST) all.delete(key);
    const secret = this.random(32).toString("base64url");
    all.set(digest(secret), { caller, until: this.now() + lifetime });
    return secret;
  }

  private take(all: ReadonlyMap<string, Kept>, secret: string): Caller | undefined {
    const kept = all.get(digest(secret));
    return kept && kept.until > this.now() ? kept.caller : undefined;
  }
}

/** A secret is of 256 random bits: looked up by its hash, the time that takes tells nothing of it. */
function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
