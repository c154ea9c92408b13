import { createHash, randomBytes } from "node:crypto";

/** What secrets are made with, and how long and how many of them stand. */
export interface SecretsInMemoryOptions<T> {
  /** How long each stands, in milliseconds. */
  readonly lifetime: number;
  /** How many stand at most: the oldest ends for a new one. */
  readonly most: number;
  /** Whose something is, and how many of them one has at most: the oldest of their own ends for a new one, and none of somebody else's. */
  readonly ofOne: { readonly whose: (value: T) => string; readonly most: number };
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Bytes that nobody can foretell. Default: those of the operating system. */
  readonly random?: (bytes: number) => Buffer;
}

/**
 * Secrets that the service gives out, each for something, for a while. They stand in this process alone, end with it, and are kept as hashes: who reads its
 * memory or its files has none of them. A secret is of 256 random bits and is looked up by its hash, so the time that takes tells nothing of it.
 */
export class SecretsInMemory<T> {
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(private readonly options: SecretsInMemoryOptions<T>) {}

  /** Makes a secret for something. */
  give(value: T): string {
    const { lifetime, most, ofOne, now, random = randomBytes } = this.options;
    // A map keeps the order in which its entries came, and all have the same lifetime: the oldest are over first.
    for (const [hash, { until }] of this.#kept) {
      if (until > now() && this.#kept.size < most) break;
      this.#kept.delete(hash);
    }
    const whose = ofOne.whose(value);
    const own = [...this.#kept].filter(([, kept]) => ofOne.whose(kept.value) === whose);
    if (own.length >= ofOne.most) this.#kept.delete(own[0]?.[0] ?? "");
    const secret = random(32).toString("base64url");
    this.#kept.set(hashOf(secret), { value, until: now() + lifetime });
    return secret;
  }

  /** What a secret was made for; undefined where it is not known, or its time is over. */
  find(secret: string): T | undefined {
    const kept = this.#kept.get(hashOf(secret));
    return kept && kept.until > this.options.now() ? kept.value : undefined;
  }

  /** What a secret was made for, as {@link find} says it; the secret is of no use from then on. */
  take(secret: string): T | undefined {
    const value = this.find(secret);
    this.#kept.delete(hashOf(secret));
    return value;
  }
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64");
}
