import { NoAnswerError } from "../../errors";
import { isWrongServer, messageOf, type ConsulClient, type NomadClient } from "../../nomad";
import { readRecordTexts, recordPath, type StackIdentity, type StackRecord } from "../../stack-record";
import { LOOKING, withRetries } from "../events";
import { ConsulRecordStore, headsOf, NomadRecordStore, type RecordStore, type StoredText } from "./store";

/** Which store has the record of a stack: Consul, or Nomad's variables where the stack has no Consul. */
export type RecordStoreName = "consul" | "nomad";

/** Which record is meant, and where it is. */
export interface RecordPlace extends StackIdentity {
  readonly store: RecordStoreName;
}

/** The servers that keep records. */
export interface RecordClients {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  readonly signal?: AbortSignal;
}

/** What is known of the record of a stack. */
export type RecordState =
  | { readonly kind: "found"; readonly record: StackRecord; readonly store: RecordStoreName }
  /** The stack was never deployed, or by a release that wrote none. */
  | { readonly kind: "none" }
  /** There may be one: why nothing is known of it, as a part of a sentence. */
  | {
      readonly kind: "unreadable";
      readonly reason: string;
      /** Whether there is none where the stack keeps it, and only the other store cannot be read. */
      readonly elsewhere?: true;
    };

/**
 * Reads the record of a stack: where the stack keeps it, else where it kept it as long as it had no Consul, or one. What a server refuses is no
 * error: what cannot be read is a state. There is none only where both stores say so, or nobody has a Consul.
 *
 * @throws UserError where another server is at the address, and so the wrong one; the signal's reason, where it is aborted
 */
export async function readRecord(place: RecordPlace, clients: RecordClients): Promise<RecordState> {
  const own = await stateIn(place.store, place, clients);
  if (own.kind !== "none") return own;
  const other = await stateIn(otherStore(place.store), place, clients, true);
  return other.kind === "unreadable" ? { ...other, elsewhere: true } : other;
}

/** A record of a list; where it cannot be read, its path and why. */
export type ListedRecord =
  | { readonly kind: "found"; readonly record: StackRecord; readonly store: RecordStoreName }
  | { readonly kind: "unreadable"; readonly path: string; readonly store: RecordStoreName; readonly reason: string };

/** The records of all stacks that a cluster has, and why some of them may be missing. */
export interface RecordList {
  readonly records: readonly ListedRecord[];
  /** Stores that could not be asked, with the reason. */
  readonly unread: readonly { readonly store: RecordStoreName; readonly reason: string }[];
}

/** Lists the records of all stacks, of every project, in Consul and in Nomad's variables. */
export async function listRecords(clients: RecordClients): Promise<RecordList> {
  const records: ListedRecord[] = [];
  const unread: { store: RecordStoreName; reason: string }[] = [];
  for (const store of STORES) {
    try {
      const all = await retried(clients, () => storeOf(store, clients).readAll(clients.signal));
      for (const head of headsOf(all.keys())) records.push(listed(head, all, store));
    } catch (error) {
      clients.signal?.throwIfAborted();
      if (!isNowhere(error, store, clients)) unread.push({ store, reason: messageOf(error) });
    }
  }
  return { records, unread };
}

/** Whether there is no such store: nobody names a Consul, and nobody listens at the usual address. */
export function isNowhere(error: unknown, store: RecordStoreName, { consul }: RecordClients): boolean {
  return (
    store === "consul" &&
    error instanceof NoAnswerError &&
    error.kind === "unreached" &&
    consul.http.connection.isAssumed === true
  );
}

const STORES: readonly RecordStoreName[] = ["consul", "nomad"];

export function otherStore(store: RecordStoreName): RecordStoreName {
  return store === "consul" ? "nomad" : "consul";
}

export function storeOf(store: RecordStoreName, { nomad, consul }: RecordClients): RecordStore {
  return store === "consul" ? new ConsulRecordStore(consul) : new NomadRecordStore(nomad);
}

/** Texts alone. */
export function textsOf(objects: ReadonlyMap<string, StoredText>): ReadonlyMap<string, string> {
  return new Map([...objects].map(([path, { text }]) => [path, text]));
}

/** A record that a server without a leader cannot give just now is none that cannot be read. */
async function retried<T>({ signal }: RecordClients, read: () => Promise<T>): Promise<T> {
  return withRetries(read, { ...LOOKING, signal });
}

async function stateIn(
  store: RecordStoreName,
  identity: StackIdentity,
  clients: RecordClients,
  isElsewhere = false,
): Promise<RecordState> {
  const head = recordPath(identity);
  try {
    const texts = await retried(clients, () => storeOf(store, clients).read(head, clients.signal));
    const record = readRecordTexts(textsOf(texts), head);
    return record ? { kind: "found", record, store } : { kind: "none" };
  } catch (error) {
    clients.signal?.throwIfAborted();
    if (isWrongServer(error)) throw error;
    if (isElsewhere && isNowhere(error, store, clients)) return { kind: "none" };
    return { kind: "unreadable", reason: messageOf(error) };
  }
}

function listed(head: string, all: ReadonlyMap<string, StoredText>, store: RecordStoreName): ListedRecord {
  try {
    const record = readRecordTexts(textsOf(all), head);
    if (record) return { kind: "found", record, store };
    return { kind: "unreadable", path: head, store, reason: `at ${head} stands something that is no record` };
  } catch (error) {
    return { kind: "unreadable", path: head, store, reason: messageOf(error) };
  }
}
