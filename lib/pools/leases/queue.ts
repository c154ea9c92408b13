import { messageOf } from "../../nomad";
import { ABSENT, type Change, type Store } from "../store";
import type { Clock } from "./clock";
import { mayPass, within } from "./decide";
import type { PoolKeys } from "./keys";
import type { TicketRecord } from "./records";
import type { View } from "./view";

/** Somebody who waits, at this manager. */
export interface Place {
  /** What stands for it in the store, once it is written. */
  ticket: { readonly key: string; readonly created: number } | undefined;
  /** Whether it waits no more. */
  left: boolean;
  /** Told where the store refuses to take it for good. */
  readonly onRefused: (error: unknown) => void;
}

const AT_ONCE = 32;
const PAUSE = 100;

/** What a {@link Queue} is made of. */
export interface QueueOptions {
  readonly store: Store;
  readonly view: View;
  readonly keys: PoolKeys;
  readonly clock: Clock;
  readonly manager: string;
  readonly ttl: number;
  readonly nonce: () => string;
  readonly onTrouble: (message: string) => void;
}

/**
 * This manager's tickets in the pool's queue. Those that are wanted, or wanted no more, while a write is under way go with the next one
 * together.
 */
export class Queue {
  readonly #joining: Place[] = [];
  readonly #leaving = new Map<string, number>();
  readonly #mine = new Map<string, Place>();
  readonly #writing = new Set<string>();
  #count = 0;
  #busy: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly options: QueueOptions) {}

  /** Whose ticket a key is, where it is one of this manager's. */
  placeOf(key: string): Place | undefined {
    return this.#mine.get(key);
  }

  /** Whether a ticket is about to be removed by this manager: nobody waits with it any more. */
  isLeaving(key: string): boolean {
    return this.#leaving.has(key);
  }

  join(place: Place): void {
    this.#joining.push(place);
    this.pump();
  }

  leave(place: Place): void {
    place.left = true;
    if (place.ticket) this.give(place.ticket.key);
    this.pump();
  }

  /**
   * Removes tickets of this manager that nobody waits with: those of writes whose answers never came. Writes those again that others have
   * removed, since this manager was not heard of for a while, or that the store has lost.
   */
  tidy(): void {
    const { view, manager } = this.options;
    for (const [key, place] of this.#mine)
      if (!view.tickets.has(key)) {
        this.#mine.delete(key);
        place.ticket = undefined;
        this.#joining.push(place);
      }
    for (const [key, { record }] of view.tickets)
      if (record?.manager === manager && !this.#mine.has(key) && !this.#writing.has(key) && !this.#leaving.has(key))
        this.give(key);
    this.pump();
  }

  /** Removes every ticket. */
  async stop(): Promise<void> {
    for (const place of [...this.#joining, ...this.#mine.values()]) this.leave(place);
    this.tidy();
    for (let round = 0; this.#busy && round < 3; round += 1) await this.#busy;
    this.#stopped = true;
  }

  private give(key: string): void {
    this.#mine.delete(key);
    const known = this.options.view.tickets.get(key);
    if (known) this.#leaving.set(key, known.version);
  }

  private pump(): void {
    if (this.#busy || this.#stopped) return;
    if (this.#joining.length === 0 && this.#leaving.size === 0) return;
    this.#busy = this.write().finally(() => {
      this.#busy = undefined;
      this.pump();
    });
  }

  private async write(): Promise<void> {
    const { store, view, keys, clock, manager, ttl, nonce, onTrouble } = this.options;
    const joining = this.#joining.splice(0, AT_ONCE).filter(({ left }) => !left);
    const leaving = [...this.#leaving].slice(0, AT_ONCE);
    const joins = joining.map((): Change => {
      const value = JSON.stringify({ manager, ttl, nonce: nonce() } satisfies TicketRecord);
      return { key: keys.ticket(manager, (this.#count += 1)), value, version: ABSENT };
    });
    const leaves = leaving.map(([key, version]): Change => ({ key, value: undefined, version }));
    if (joins.length + leaves.length === 0) return;
    for (const { key } of joins) this.#writing.add(key);
    try {
      const made = await within(clock, ttl, store.name, (signal) => store.change([...joins, ...leaves], signal));
      this.seat(joining, joins, made);
      for (const { key } of leaves) {
        this.#leaving.delete(key);
        view.drop(key);
      }
    } catch (error) {
      onTrouble(`the queue of ${keys.pool} cannot be written: ${messageOf(error)}`);
      if (mayPass(error)) this.#joining.unshift(...joining);
      else for (const place of joining) place.onRefused(error);
      await new Promise<void>((resolve) => clock.after(PAUSE, resolve));
    } finally {
      for (const { key } of joins) this.#writing.delete(key);
    }
  }

  /** Who came first has the ticket that the store made first: tickets are all alike until then. */
  private seat(places: readonly Place[], joins: readonly Change[], made: readonly (number | undefined)[]): void {
    const tickets = joins
      .map(({ key, value = "" }, index) => ({ key, value, created: made[index] ?? ABSENT }))
      .filter(({ created }) => created !== ABSENT)
      .sort(inOrder);
    places.forEach((place, index) => {
      const ticket = tickets[index];
      if (!ticket) {
        this.#joining.push(place);
        return;
      }
      place.ticket = ticket;
      this.#mine.set(ticket.key, place);
      this.options.view.put(ticket.key, ticket.value, ticket.created);
      if (place.left) this.give(ticket.key);
    });
  }
}

/** The order of tickets. Those of one write have one number; their keys count up. */
export function inOrder(
  a: { readonly created: number; readonly key: string },
  b: { readonly created: number; readonly key: string },
): number {
  return a.created - b.created || (a.key < b.key ? -1 : 1);
}
