/** An object as the store holds it. */
export interface StoredObject {
  readonly key: string;
  readonly value: string;
  /** Changes with every write: what a write that shall replace just this one names. Compared for equality only. */
  readonly version: number;
  /** Grows with every object that is made: of two objects, the one with the smaller number came first. */
  readonly created: number;
}

/** All objects below a prefix at one moment. */
export interface Snapshot {
  /** By key. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** The moment: what the next question names to be answered when something has changed. */
  readonly index: number;
}

/** The version of an object that must not be there yet. */
export const ABSENT = 0;

/**
 * Where leases are kept: objects that are written by check-and-set, so that any number of managers on any machines share them. Consul's KV
 * store and Nomad's variables are such stores, and nothing but this interface is asked of them.
 *
 * Keys are paths such as `pools/warm-pool-openai/<slot>`. A value that is written twice in a row must differ (Consul answers that an
 * identical write was made, whoever made it), so every value holds something of its writer's own.
 */
export interface Store {
  /** For messages: `Consul` or `Nomad`. */
  readonly name: string;
  /**
   * The objects below a prefix, as the leader has them.
   *
   * @param options `after`: answered when something below the prefix has changed since that index, or after `wait` milliseconds, whatever
   *   comes first. Default: at once.
   * @throws NoAnswerError where the store does not answer
   */
  list(
    prefix: string,
    options?: { readonly after?: number; readonly wait?: number; readonly signal?: AbortSignal },
  ): Promise<Snapshot>;
  /** One object, or undefined where it is not there. */
  read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /**
   * Writes an object, if it has the version that is named.
   *
   * @param version of the object that it replaces; {@link ABSENT} where there must be none
   * @returns its new version, or undefined where it has another version by now
   * @throws NoAnswerError where no answer comes: then it is not known whether it was written, and only a reading tells
   */
  write(key: string, value: string, version: number, signal?: AbortSignal): Promise<number | undefined>;
  /** Removes an object, if it has the version that is named. @returns whether it had */
  remove(key: string, version: number, signal?: AbortSignal): Promise<boolean>;
  /** Lets go of every connection. */
  close(): Promise<void>;
}
