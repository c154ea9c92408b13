import { LeaseBook, type Lease, type LeaseBookOptions, type LeaseEnd, type LeaseEvent } from "../../lib/pools";
import { MemoryStore, StoreState, type Passage } from "./memory-store";
import { SimulatedClock, type ProcessClock } from "./simulated-clock";

/** A manager in a process of its own, in simulated time. */
export interface SimulatedManager {
  readonly book: LeaseBook;
  readonly store: MemoryStore;
  readonly clock: ProcessClock;
  readonly events: LeaseEvent[];
  readonly lost: { readonly lease: Lease; readonly reason: LeaseEnd }[];
  readonly troubles: string[];
  /** Its process ends at once, as by kill -9. */
  kill(): void;
}

/** One pool, its store and its managers, in simulated time. */
export class SimulatedPool {
  readonly clock = new SimulatedClock();
  readonly state = new StoreState();
  readonly managers: SimulatedManager[] = [];
  /** Slots that were ended, and by whom, in their order. */
  readonly ended: { readonly slot: string; readonly manager: string; readonly at: number }[] = [];
  candidates: readonly string[];
  #random: number;

  constructor(slots: number, seed = 1) {
    this.candidates = Array.from({ length: slots }, (_, number) => `slot-${number}`);
    this.#random = seed;
  }

  /** A number from 0 to 1, drawn from the seed. */
  random(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }

  async manager(
    options: Partial<LeaseBookOptions> = {},
    passage: () => Passage = () => ({ there: 0.4, back: 0.4 }),
  ): Promise<SimulatedManager> {
    const clock = this.clock.process();
    const store = new MemoryStore(this.state, clock, passage);
    const events: LeaseEvent[] = [];
    const lost: { lease: Lease; reason: LeaseEnd }[] = [];
    const troubles: string[] = [];
    const book: LeaseBook = new LeaseBook({
      store,
      pool: "pool",
      candidates: () => this.candidates,
      end: (slot) => {
        this.ended.push({ slot, manager: book.manager, at: this.clock.now() });
        return Promise.resolve("free");
      },
      onLost: (lease, reason) => lost.push({ lease, reason }),
      onTrouble: (message) => troubles.push(message),
      onEvent: (event) => events.push(event),
      clock,
      randomBytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(this.random() * 256)),
      manager: `m${this.managers.length}`,
      ...options,
    });
    const manager: SimulatedManager = {
      ...{ book, store, clock, events, lost, troubles },
      kill: () => {
        store.cut = true;
        clock.kill();
      },
    };
    this.managers.push(manager);
    await this.run(book.start());
    return manager;
  }

  /** Lets time pass until something is over. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.until(work);
  }

  /** What of the slots of the store is in a state. */
  inState(state: "free" | "held" | "ending"): readonly string[] {
    return [...this.state.objects]
      .filter(([key, { value }]) => key.includes("/slots/") && (JSON.parse(value) as { state: string }).state === state)
      .map(([key]) => key);
  }

  tickets(): number {
    return [...this.state.objects.keys()].filter((key) => key.includes("/queue/")).length;
  }

  /** Ends every manager that is still there. */
  close(): void {
    for (const manager of this.managers) manager.kill();
  }
}

/** What a promise comes to, as a value. */
export function outcome<T>(work: Promise<T>) {
  return work.then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error: error as Error }),
  );
}
