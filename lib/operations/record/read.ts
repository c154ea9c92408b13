import { isWrongServer, messageOf, NoAnswerError, type ConsulClient, type NomadClient } from "../../nomad";
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
  | { readonly kind: "unreadable"; readonly reason: string };

/**
 * Reads the record of a stack: where the stack keeps it, else where it kept it as long as it had no Consul, or one. What a server refuses is no
 * error: what cannot be read is a state.
 *
 * @throws UserError where another server is at the address, and so the wrong one; the signal's reason, where it is aborted
 */
export async function readRecord(place: RecordPlace, clients: RecordClients): Promise<RecordState> {
  const own = await stateIn(place.store, place, clients);
  if (own.kind !== "none") return own;
  const other = await stateIn(otherStore(place.store), place, clients);
  return other.kind === "found" ? other : own;
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
      const all = await patiently(clients, () => storeOf(store, clients).readAll(clients.signal));
      for (const head of headsOf(all.keys())) records.push(listed(head, all, store));
    } catch (error) {
      clients.signal?.throwIfAborted();
      if (store === "nomad" || !isNowhere(error, clients)) unread.push({ store, reason: messageOf(error) });
    }
  }
  return { records, unread };
}

/** Whether there is no Consul: nobody names one, and nobody listens at the usual address. */
function isNowhere(error: unknown, { consul }: RecordClients): boolean {
  return error instanceof NoAnswerError && error.kind === "unreached" && consul.http.connection.isAssumed === true;
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
async function patiently<T>({ signal }: RecordClients, read: () => Promise<T>): Promise<T> {
  return withRetries(read, { ...LOOKING, signal });
}

async function stateIn(store: RecordStoreName, identity: StackIdentity, clients: RecordClients): Promise<RecordState> {
  const head = recordPath(identity);
  try {
    const texts = await patiently(clients, () => storeOf(store, clients).read(head, clients.signal));
    const record = readRecordTexts(textsOf(texts), head);
    return record ? { kind: "found", record, store } : { kind: "none" };
  } catch (error) {
    clients.signal?.throwIfAborted();
    if (isWrongServer(error)) throw error;
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
