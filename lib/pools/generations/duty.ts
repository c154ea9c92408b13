import { randomBytes } from "node:crypto";
import { within, type Clock } from "../leases";
import { ABSENT, type Store } from "../store";

/** How long a duty stands after its manager was heard of last, in milliseconds. */
const TTL = 3000;

/**
 * Work that one manager at a time does for all: which one, an object in the store says. It is renewed at every turn; an object that has not
 * changed for its time, by the observer's own clock, is taken over.
 */
export class Duty {
  #version = ABSENT;
  #since = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: Store,
    private readonly key: string,
    private readonly manager: string,
    private readonly clock: Clock,
  ) {}

  /** Whether it is this manager's just now. */
  get held(): boolean {
    return this.clock.now() < this.#until;
  }

  /**
   * Renews it, or takes it where nobody has it. To be called about once a second.
   *
   * @param signal gives it up. Default: an answer that does not come within the duty's own time is given up by itself
   * @returns whether it is this manager's
   * @throws what the store says, where it does not answer in time or refuses; the signal's reason
   */
  async turn(signal?: AbortSignal): Promise<boolean> {
    const before = this.clock.now();
    const found = await this.ask((over) => this.store.read(this.key, over), signal);
    const now = this.clock.now();
    const version = found?.version ?? ABSENT;
    if (version !== this.#version) {
      this.#version = version;
      this.#since = now;
    }
    const isOurs = found !== undefined && managerOf(found.value) === this.manager;
    if (found !== undefined && !isOurs && now - this.#since < TTL) return this.lose();
    const written = await this.ask((over) => this.store.write(this.key, this.value(), version, over), signal);
    if (written === undefined) return this.lose();
    this.#version = written;
    this.#since = this.clock.now();
    this.#until = before + TTL;
    return this.held;
  }

  /**
   * Leaves it to whoever is next. Where the store does not take that, it is another's once its time is over.
   *
   * @param signal gives it up. Default: as for a {@link turn}
   * @throws as {@link turn}
   */
  async leave(signal?: AbortSignal): Promise<void> {
    if (!this.held) return;
    this.#until = Number.NEGATIVE_INFINITY;
    await this.ask((over) => this.store.remove(this.key, this.#version, over), signal);
  }

  /** What the store answers later than the duty lasts is of no use any more. */
  private async ask<T>(question: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return within(this.clock, TTL, this.store.name, question, signal);
  }

  private lose(): false {
    this.#until = Number.NEGATIVE_INFINITY;
    return false;
  }

  private value(): string {
    return JSON.stringify({ manager: this.manager, nonce: randomBytes(8).toString("hex") });
  }
}

function managerOf(value: string): string | undefined {
  try {
    const { manager } = JSON.parse(value) as { readonly manager?: unknown };
    return typeof manager === "string" ? manager : undefined;
  } catch {
    return undefined;
  }
}
