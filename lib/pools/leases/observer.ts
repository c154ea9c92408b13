import { messageOf } from "../../nomad";
import type { Change } from "../store";
import { type BookParts } from "./book-parts";
import { within } from "./decide";
import type { LeaseEvent } from "./options";
import type { SlotRecord } from "./records";
import type { Known } from "./view";

/**
 * Ends what nobody renews. An object that stands unchanged for its ttl, and whose manager's object does too, is over: by this manager's own clock, and
 * only for as long as its own heartbeats show that the store could be written at all.
 */
export class Observer {
  #looking: Promise<void> | undefined;

  constructor(
    private readonly parts: BookParts,
    private readonly onExpired: (event: LeaseEvent) => void,
  ) {}

  /** Looks for what is over, and ends it. */
  look(): void {
    if (this.#looking) return;
    const due = this.due();
    if (due.slots.length + due.tickets.length + due.managers.length === 0) return;
    this.#looking = this.end(due)
      .catch((error: unknown) => this.parts.onTrouble(`what was left by others cannot be ended: ${messageOf(error)}`))
      .finally(() => (this.#looking = undefined));
  }

  private due() {
    const { view, manager } = this.parts;
    const slots = [...view.slots.values()].filter(
      ({ record, since }) =>
        record !== undefined &&
        record.state !== "free" &&
        record.manager !== manager &&
        this.isOver(record.manager, record.ttl, since),
    );
    const tickets = [...view.tickets.values()].filter(
      ({ record, since }) => record && record.manager !== manager && this.isOver(record.manager, record.ttl, since),
    );
    const silent = [...view.managers.values()].filter(
      ({ key, record, since }) =>
        this.parts.keys.lastOf(key) !== manager && this.unchanged(since, record?.ttl ?? this.parts.ttl),
    );
    // A manager goes last: as long as it is there, somebody sees that it is silent.
    const named = new Set(
      silent.length === 0
        ? []
        : [...view.slots.values(), ...view.tickets.values()].map(({ record }) => record?.manager),
    );
    const managers = silent.filter(({ key }) => !named.has(this.parts.keys.lastOf(key)));
    return { slots, tickets, managers };
  }

  private isOver(manager: string, ttl: number, since: number): boolean {
    // Most are not, whatever their managers do.
    if (!this.unchanged(since, ttl)) return false;
    const its = this.managerOf(manager);
    // A lease that has no manager stands for its own time; else its manager's says how often it is to be heard of.
    return this.unchanged(Math.max(since, its?.since ?? Number.NEGATIVE_INFINITY), ttl);
  }

  private managerOf(id: string) {
    return id === "" ? undefined : this.parts.view.managers.get(this.parts.keys.manager(id));
  }

  private unchanged(since: number, ttl: number): boolean {
    const { clock, heartbeat } = this.parts;
    return heartbeat.isFresh() && clock.now() - Math.max(since, heartbeat.steadySince) >= ttl;
  }

  private async end(due: ReturnType<Observer["due"]>): Promise<void> {
    const { store, view, clock, ttl, nonce, manager } = this.parts;
    const silent = await this.stillSilent([...due.slots, ...due.tickets].map(({ record }) => record?.manager ?? ""));
    const slots = due.slots.filter(({ record }) => record && silent.has(record.manager));
    const tickets = due.tickets.filter(({ record }) => record && silent.has(record.manager));
    const changes: (Change & { readonly was?: Known<SlotRecord> })[] = [
      ...slots.map((was) => ({
        key: was.key,
        version: was.version,
        value: JSON.stringify({
          // It was filtered by having one.
          ...(was.record as SlotRecord),
          state: "ending",
          manager,
          ttl,
          over: was.record?.over ?? "expired",
          nonce: nonce(),
        } satisfies SlotRecord),
        was,
      })),
      ...[...tickets, ...due.managers].map(({ key, version }) => ({ key, version, value: undefined })),
    ];
    if (changes.length === 0) return;
    const made = await within(clock, ttl, store.name, (signal) => store.change(changes, signal));
    for (const [index, { key, value, was }] of changes.entries()) {
      const version = made[index];
      if (version === undefined) continue;
      if (value === undefined) view.drop(key);
      else view.put(key, value, version);
      if (was?.record?.state === "held")
        this.onExpired({
          kind: "expired",
          slot: was.record.slot,
          generation: was.record.generation,
          manager: was.record.manager,
        });
    }
  }

  /**
   * Asks the store itself about managers that seem to be silent: this process may have been stopped for a while, and see only now what it
   * would have seen before.
   */
  private async stillSilent(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { store, view, clock, ttl, keys } = this.parts;
    const silent = new Set<string>();
    for (const id of new Set(ids)) {
      const found =
        id === "" ? undefined : await within(clock, ttl, store.name, (signal) => store.read(keys.manager(id), signal));
      if (found && found.version !== this.managerOf(id)?.version) view.put(found.key, found.value, found.version);
      else silent.add(id);
    }
    return silent;
  }
}
