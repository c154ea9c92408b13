import { randomBytes } from "node:crypto";
import type { Clock } from "../leases";
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

  /** Renews it, or takes it where nobody has it. To be called about once a second. @returns whether it is this manager's */
  async turn(signal?: AbortSignal): Promise<boolean> {
    const before = this.clock.now();
    const found = await this.store.read(this.key, signal);
    const now = this.clock.now();
    const version = found?.version ?? ABSENT;
    if (version !== this.#version) {
      this.#version = version;
      this.#since = now;
    }
    const isOurs = found !== undefined && managerOf(found.value) === this.manager;
    if (found !== undefined && !isOurs && now - this.#since < TTL) return this.lose();
    const written = await this.store.write(this.key, this.value(), version, signal);
    if (written === undefined) return this.lose();
    this.#version = written;
    this.#since = this.clock.now();
    this.#until = before + TTL;
    return this.held;
  }

  /** Leaves it to whoever is next. */
  async leave(): Promise<void> {
    if (!this.held) return;
    this.#until = Number.NEGATIVE_INFINITY;
    await this.store.remove(this.key, this.#version);
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
