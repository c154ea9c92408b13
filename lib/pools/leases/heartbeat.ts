import { messageOf } from "../../nomad";
import { ABSENT, type Store } from "../store";
import type { Clock } from "./clock";
import { mayPass, within } from "./decide";
import type { ManagerRecord } from "./records";

/** What a {@link Heartbeat} is made of. */
export interface HeartbeatOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The key of the manager's object. */
  readonly key: string;
  readonly ttl: number;
  readonly every: number;
  readonly nonce: () => string;
  /** Up to which index of the store the pool was seen. */
  readonly seen: () => number;
  /** Told of each that was written. `gap`: whether none had been for the ttl, or the object was removed meanwhile. */
  readonly onBeat: (value: string, version: number, gap: boolean) => void;
  readonly onTrouble: (message: string) => void;
}

/**
 * Says that a manager is there, by writing its object again and again: one write, for however many leases. Whoever sees the object unchanged for
 * the ttl ends what the manager has.
 */
export class Heartbeat {
  /** When the last one that was written had been sent: from then on the ttl counts, since nobody can have seen it earlier. */
  sent = Number.NEGATIVE_INFINITY;
  /** Since when they succeed one after another: what changed in the store since then, this manager could see. */
  steadySince = Number.POSITIVE_INFINITY;
  #version = ABSENT;
  #count = 0;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(private readonly options: HeartbeatOptions) {}

  /** Whether nobody can have seen the manager silent for the ttl. */
  isFresh(): boolean {
    const { clock, ttl } = this.options;
    return clock.now() < this.sent + ttl;
  }

  /**
   * The first one. A store that does not answer is asked again for a while.
   *
   * @param patience in milliseconds
   * @throws what the store says
   */
  async start(patience: number): Promise<void> {
    const { clock, every } = this.options;
    for (const until = clock.now() + patience; ;) {
      try {
        return await this.beat();
      } catch (error) {
        if (!mayPass(error) || clock.now() >= until) throw error;
      }
      await this.sleep(every / 2);
    }
  }

  /** All others, until it is stopped. */
  async run(): Promise<void> {
    const { clock, every, onTrouble, store } = this.options;
    let next = clock.now() + every;
    while (!this.#stopped) {
      await this.sleep(next - clock.now());
      if (this.#stopped) return;
      next = clock.now() + every;
      try {
        await this.beat();
      } catch (error) {
        if (this.#stopped) return;
        onTrouble(`${store.name} does not take a heartbeat: ${messageOf(error)}`);
        next = clock.now() + every / 4;
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Forgets the manager. */
  async remove(): Promise<void> {
    const { store, key, clock, ttl } = this.options;
    await within(clock, ttl, store.name, (signal) => store.remove(key, this.#version, signal));
  }

  private async beat(): Promise<void> {
    const { store, clock, key, ttl, every, nonce, seen, onBeat } = this.options;
    const record: ManagerRecord = { ttl, beat: (this.#count += 1), seen: seen(), nonce: nonce() };
    const value = JSON.stringify(record);
    let wasRemoved = false;
    const { version, sent } = await within(clock, Math.max(every * 2, ttl / 2), store.name, async (signal) => {
      for (;;) {
        const sent = clock.now();
        const version = await store.write(key, value, this.#version, signal);
        if (version !== undefined) return { version, sent };
        // Nobody else writes it: it is one of ours whose answer never came, or it was removed.
        const found = await store.read(key, signal);
        wasRemoved ||= found === undefined && this.#version !== ABSENT;
        this.#version = found?.version ?? ABSENT;
        if (found?.value === value) return { version: found.version, sent };
      }
    });
    this.#version = version;
    const gap = wasRemoved || sent - this.sent >= ttl;
    // Half of the ttl without one: what others wrote meanwhile may have been kept from being written, as ours was.
    if (gap || clock.now() - this.sent > ttl / 2 + every) this.steadySince = clock.now();
    this.sent = sent;
    onBeat(value, version, gap);
  }

  private sleep(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.options.clock.after(Math.max(0, delay), () => resolve());
      this.#wake = () => {
        forget();
        resolve();
      };
    });
  }
}
