/** An object as the store holds it. */
export interface StoredObject {
  /** Its path in the store. */
  readonly key: string;
  /** What was written last. */
  readonly value: string;
  /**
   * Changes with every write, and grows over the whole store: what a write that shall replace just this one names. On the scale of
   * {@link Snapshot.index}.
   */
  readonly version: number;
  /** The version that it had first: of two objects, the one with the smaller number came first. Those of one write have the same. */
  readonly created: number;
}

/** All objects below a prefix. */
export interface Snapshot {
  /** By key; each as it was at the index, or after that. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** The moment: what the next question names to be answered when something has changed. Never 0. */
  readonly index: number;
}

/** The version of an object that must not be there yet. */
export const ABSENT = 0;

/** A change of one object, if it has the version that is named. */
export interface Change {
  /** The object's path in the store. */
  readonly key: string;
  /** Undefined: it is removed. */
  readonly value: string | undefined;
  /** {@link ABSENT} where there must be none. */
  readonly version: number;
}

/** What a list is asked for. */
export interface ListOptions {
  /** Answered when something below the prefix has changed since that index, or at once where the store has gone back behind it. Default: at once. */
  readonly after?: number;
  /** Answered after so many milliseconds in any case. Default: {@link LONGEST_WAIT}. */
  readonly wait?: number;
  /** Gives the question up. Default: it waits for its answer. */
  readonly signal?: AbortSignal;
}

/** How long a list waits for a change where nothing is said, in milliseconds. */
export const LONGEST_WAIT = 60_000;

/**
 * Where leases are kept: objects that are written by check-and-set, so that any number of managers on any machines share them. Consul's KV
 * store and Nomad's variables are such stores, and nothing but this interface is asked of them.
 *
 * Keys are paths such as `pools/warm-pool-openai/slots/<slot>`, of letters, digits, `-`, `_` and `/`. A value that is written twice in a row must
 * differ (Consul answers that an identical write was made, whoever made it), so every value holds something of its writer's own.
 *
 * What a store cannot answer just now is a NoAnswerError or an ApiError (see `passingTrouble`): then it is not known whether a change was
 * made, and it may even be made later. What it refuses for good is a UserError.
 */
export interface Store {
  /** For messages: `Consul` or `Nomad`. */
  readonly name: string;
  /** The objects below a prefix, which ends with a slash. */
  list(prefix: string, options?: ListOptions): Promise<Snapshot>;
  /** One object, as it is at this moment, or undefined where it is not there. */
  read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /**
   * Writes an object, if it has the version that is named.
   *
   * @param version of the object that it replaces; {@link ABSENT} where there must be none
   * @returns its new version, or undefined where it has another version by now
   */
  write(key: string, value: string, version: number, signal?: AbortSignal): Promise<number | undefined>;
  /** Removes an object, if it has the version that is named. @returns false where it has another; true also where it is not there */
  remove(key: string, version: number, signal?: AbortSignal): Promise<boolean>;
  /**
   * Changes objects, each by itself, in as few requests as the store allows. No key stands in two of the changes.
   *
   * @returns for each the new version ({@link ABSENT} for what is removed), or undefined where it has another version by now
   */
  change(changes: readonly Change[], signal?: AbortSignal): Promise<readonly (number | undefined)[]>;
  /** Lets go of every connection. */
  close(): Promise<void>;
}
