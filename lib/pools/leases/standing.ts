import type { BookParts } from "./book-parts";
import type { Lease } from "./lease";
import { endOf } from "./records";

/** The part of its time in which a lease is renewed once, whoever asks how often. */
const SHARED = 1 / 3;
/** The part of its time for which a renewal is proof that nobody has ended it: longer than the one above, and a write may take the difference. */
const SURE = 1 / 2;
/** How long a renewal is remembered, in milliseconds; a lease that stands for longer than twice that is asked for again. */
const REMEMBERED = 3_600_000;

interface Renewal {
  /** When the write was sent. */
  readonly sent: number;
  /** When the last one that was made had been sent: nobody can have seen it earlier, and so nobody sees it unchanged for the ttl before that is over. */
  proof: number;
  readonly written: Promise<void>;
  /** The one that follows, for those who shared this one; undefined where none does. */
  next: { readonly lease: Lease; readonly forget: () => void } | undefined;
}

/**
 * Leases that stand by themselves, as far as this manager renewed them: calls with one share a write for a third of its time, and in between need no
 * question to the store.
 */
export class Standing {
  readonly #renewals = new Map<string, Renewal>();

  constructor(
    private readonly parts: BookParts,
    /** Writes a lease anew. */
    private readonly write: (lease: Lease) => Promise<void>,
  ) {}

  /** Notes that a lease was claimed here. @param sent when that had been sent */
  claimed(lease: Lease, sent: number): void {
    this.tidy();
    this.#renewals.set(lease.claim, { sent, proof: sent, written: Promise.resolve(), next: undefined });
  }

  /** Forgets a lease that was released, or is over. */
  forget({ claim }: Lease): void {
    this.#renewals.get(claim)?.next?.forget();
    this.#renewals.delete(claim);
  }

  /** Makes the renewals that are still to follow, so that every lease has its whole time from its last call, and forgets all of them. */
  async stop(): Promise<void> {
    const due = [...this.#renewals.values()].flatMap(({ next }) => next?.lease ?? []);
    await Promise.allSettled(due.map((lease) => this.begin(lease)));
    this.#renewals.clear();
  }

  /** Has it written anew, by a write of its own or by one that was just made; then another follows, so that its whole time begins with this call. */
  async renew(lease: Lease): Promise<void> {
    const { clock } = this.parts;
    const last = this.#renewals.get(lease.claim);
    const left = last ? last.sent + lease.ttl * SHARED - clock.now() : 0;
    if (!last || left <= 0) return this.begin(lease);
    // Whether it has ended meanwhile is told to whoever calls next.
    last.next ??= { lease, forget: clock.after(left, () => void this.begin(lease).catch(() => undefined)) };
    return last.written;
  }

  /** Whether it stands, as far as that is known without asking: nobody can have ended it for its time, and who released it would be in the view. */
  isSure(lease: Lease): boolean {
    const { clock, view, heartbeat, keys, ttl } = this.parts;
    const last = this.#renewals.get(lease.claim);
    if (!last || clock.now() - last.proof >= lease.ttl * SURE) return false;
    if (!heartbeat.isFresh() || clock.now() - view.heard >= ttl) return false;
    return endOf(lease, view.slots.get(keys.slot(lease.slot))?.record) === undefined;
  }

  private async begin(lease: Lease): Promise<void> {
    this.tidy();
    const sent = this.parts.clock.now();
    const proof = this.#renewals.get(lease.claim)?.proof ?? Number.NEGATIVE_INFINITY;
    const renewal: Renewal = { sent, proof, written: this.write(lease), next: undefined };
    this.forget(lease);
    this.#renewals.set(lease.claim, renewal);
    try {
      await renewal.written;
      renewal.proof = sent;
    } catch (error) {
      if (this.#renewals.get(lease.claim) === renewal) this.#renewals.delete(lease.claim);
      throw error;
    }
  }

  /** What was renewed long ago says nothing any more. They stand in the order of their times. */
  private tidy(): void {
    const now = this.parts.clock.now();
    for (const [claim, { sent }] of this.#renewals) {
      if (now - sent <= REMEMBERED) break;
      this.#renewals.delete(claim);
    }
  }
}
