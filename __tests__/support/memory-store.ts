import type { Clock } from "../../lib/pools";
import { ABSENT, type Change, type ListOptions, type Snapshot, type Store, type StoredObject } from "../../lib/pools";
import { NoAnswerError } from "../../lib/errors";

/** How a network treats one request: how long each way takes, in milliseconds, and what gets lost. */
export interface Passage {
  readonly there: number;
  readonly back: number;
  /** `request`: it never arrives; `answer`: it is done, and nobody hears of it. */
  readonly lost?: "request" | "answer";
}

/** What all {@link MemoryStore}s of a test share: a store's state, as Consul and Nomad keep it. */
export class StoreState {
  index = 10;
  readonly objects = new Map<string, StoredObject>();
  /** Everything that was written, in its order. */
  readonly written: { readonly key: string; readonly value: string | undefined }[] = [];
  readonly #watchers = new Set<() => void>();

  write(key: string, value: string, version: number): number | undefined {
    const before = this.objects.get(key);
    if ((before?.version ?? ABSENT) !== version) return undefined;
    // As Consul does: what is there already is not written, and whoever asks is told that it was.
    if (before?.value === value) return before.version;
    this.index += 1;
    this.objects.set(key, { key, value, version: this.index, created: before?.created ?? this.index });
    this.changed(key, value);
    return this.index;
  }

  remove(key: string, version: number): boolean {
    const before = this.objects.get(key);
    if (!before) return true;
    if (before.version !== version) return false;
    this.index += 1;
    this.objects.delete(key);
    this.changed(key, undefined);
    return true;
  }

  snapshot(prefix: string): Snapshot {
    const objects = [...this.objects].filter(([key]) => key.startsWith(prefix));
    return { objects: new Map(objects), index: this.index };
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** It begins anew, with nothing in it. */
  reset(): void {
    this.objects.clear();
    this.index = 1;
    for (const watcher of [...this.#watchers]) watcher();
  }

  private changed(key: string, value: string | undefined): void {
    this.written.push({ key, value });
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** One manager's connection to a store in memory, with check-and-set, blocking queries, delays and losses. */
export class MemoryStore implements Store {
  readonly name = "Consul";
  /** How often each was asked for. */
  readonly asked = { list: 0, read: 0, write: 0, remove: 0, change: 0 };
  /** Nobody is reached any more: the process is dead, or cut off. */
  cut = false;
  /** Thrown in the place of an answer. */
  refusal: Error | undefined;

  constructor(
    private readonly state: StoreState,
    private readonly clock: Clock,
    private readonly passage: () => Passage = () => ({ there: 0, back: 0 }),
  ) {}

  async list(prefix: string, { after, wait = 60_000, signal }: ListOptions = {}): Promise<Snapshot> {
    this.asked.list += 1;
    return this.pass(signal, async () => {
      if (after !== undefined && this.state.index === after) await this.changedOr(wait, signal);
      return this.state.snapshot(prefix);
    });
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    this.asked.read += 1;
    return this.pass(signal, () => this.state.objects.get(key));
  }

  async write(key: string, value: string, version: number, signal?: AbortSignal): Promise<number | undefined> {
    this.asked.write += 1;
    return this.pass(signal, () => this.state.write(key, value, version));
  }

  async remove(key: string, version: number, signal?: AbortSignal): Promise<boolean> {
    this.asked.remove += 1;
    return this.pass(signal, () => this.state.remove(key, version));
  }

  async change(changes: readonly Change[], signal?: AbortSignal): Promise<readonly (number | undefined)[]> {
    this.asked.change += 1;
    return this.pass(signal, () =>
      changes.map(({ key, value, version }) => {
        if (value !== undefined) return this.state.write(key, value, version);
        return this.state.remove(key, version) ? ABSENT : undefined;
      }),
    );
  }

  async close(): Promise<void> {
    this.cut = true;
    return Promise.resolve();
  }

  private async pass<T>(signal: AbortSignal | undefined, act: () => T | Promise<T>): Promise<T> {
    const { there, back, lost } = this.passage();
    await this.sleep(there);
    if (this.cut) return new Promise<never>(() => undefined);
    if (this.refusal) throw this.refusal;
    if (lost === "request") return this.silence(signal);
    const answer = await act();
    await this.sleep(back);
    if (this.cut) return new Promise<never>(() => undefined);
    if (lost === "answer") return this.silence(signal);
    // What is done is done; who asked has gone.
    signal?.throwIfAborted();
    return answer;
  }

  /** The connection is reset, or nothing is ever heard. */
  private silence(signal: AbortSignal | undefined): Promise<never> {
    signal?.throwIfAborted();
    return Promise.reject(new NoAnswerError("Consul", "absent", "Consul does not answer (ECONNRESET)"));
  }

  private async changedOr(wait: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        forget();
        unwatch();
        resolve();
      };
      const forget = this.clock.after(wait, done);
      const unwatch = this.state.watch(done);
      signal?.addEventListener("abort", done);
    });
  }

  private async sleep(delay: number): Promise<void> {
    if (delay > 0) await new Promise<void>((resolve) => this.clock.after(delay, resolve));
  }
}
