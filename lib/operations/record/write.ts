import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, passingTrouble } from "../../nomad";
import {
  inParts,
  layOut,
  partPath,
  readRecordTexts,
  recordPath,
  UnreadableRecord,
  without,
  type RecordedInConsul,
  type RecordedJob,
  type RecordedThings,
  type StackIdentity,
  type StackRecord,
} from "../../stack-record";
import { isNowhere, otherStore, storeOf, textsOf, type RecordClients, type RecordPlace } from "./read";
import type { RecordStore, StoredText, TextChange } from "./store";
import type { DesiredRecord } from "./desired";

const NOTHING: RecordedThings = { jobs: [], consul: [] };

/** What became of a write. */
export type RecordWrite =
  | {
      readonly kind: "written";
      /** The record as it was before; absent where there was none. */
      readonly before?: StackRecord;
      /** What stands in the other store, of a time when the stack had no Consul, or one; it stays there until the deployment is settled. */
      readonly elsewhere?: StackRecord;
      /** The record as it is now. */
      readonly record: StackRecord;
    }
  /** The record is as it was, or unknown: why, as a part of a sentence. */
  | { readonly kind: "unwritten"; readonly reason: string };

/** How often a write is tried again after somebody else's. */
const TRIES = 30;
/** The longest pause before that, in milliseconds. */
const PAUSE = 100;

/**
 * Writes into the record what a deployment is about to bring, before it brings anything: what the program wants stands in it, and what was in it and
 * the program does not have becomes one of its former things. So a crash leaves nothing that no record knows. Written against what was read, and again
 * from what is there then where somebody else wrote meanwhile.
 *
 * @throws what passes, such as a leader that is lost, which is worth another try; the signal's reason, where it is aborted
 */
export async function enterRecord(desired: DesiredRecord, clients: RecordClients): Promise<RecordWrite> {
  return writing(clients, async () => {
    const { content } = desired;
    const left = await leftElsewhere(desired, clients);
    const write = await rewrite(desired, clients, (before) => {
      const known = [before, left].flatMap((record) => record ?? []);
      const jobs = known.flatMap((record) => [...record.jobs, ...record.former.jobs]);
      const consul = known.flatMap((record) => [...record.consul, ...record.former.consul]);
      return {
        texts: desired.texts,
        record: {
          ...content,
          former: { jobs: without(jobs, content.jobs), consul: without(consul, content.consul) },
        },
      };
    });
    return write.kind === "written" && left ? { ...write, elsewhere: left } : write;
  });
}

/** What a deployment did with what the record knows. */
export interface Settled {
  /** What it brought: where another deployment wrote the record meanwhile, it may have left that out. */
  readonly brought: RecordedThings;
  /** What it stopped, or removed, and its program does not have. A job that is marked as stopped is there still, and stays in the record as that. */
  readonly stopped: RecordedThings;
  /**
   * Asked where another deployment wrote the record meanwhile: whether the cluster is as this one left it, so that the other one was refused.
   * Default: the other one's content stays.
   */
  readonly holds?: () => Promise<boolean>;
  /** Whether the other store has a record of the stack too, which this one takes the place of. Default: it has none. */
  readonly moves?: boolean;
}

/**
 * Writes into the record what became of a deployment: what it stopped goes out of the former things, and what it brought is in the record, whoever wrote
 * it meanwhile. What a program has is in its record, and is no matter of `stopped`.
 *
 * @throws as {@link enterRecord}
 */
export async function settleRecord(
  desired: DesiredRecord,
  { brought, stopped, holds, moves = false }: Settled,
  clients: RecordClients,
): Promise<RecordWrite> {
  return writing(clients, async () => {
    const write = await rewrite(desired, clients, async (before, held) => {
      // Somebody destroyed the stack meanwhile: what was brought after that is known to no record otherwise.
      if (!before || before.withoutHead) {
        const { content } = desired;
        const left = before?.former ?? NOTHING;
        const former = {
          jobs: without([...afterStopping(left.jobs, stopped.jobs), ...brought.jobs], content.jobs),
          consul: without([...without(left.consul, stopped.consul), ...brought.consul], content.consul),
        };
        return { texts: desired.texts, record: { ...content, former } };
      }
      const own = !isWritten(desired, held) && (await holds?.()) === true;
      const content = own ? { ...before, ...desired.content } : before;
      const jobs = [...(own ? before.jobs : []), ...before.former.jobs];
      const consul = [...(own ? before.consul : []), ...before.former.consul];
      const former = {
        jobs: without([...afterStopping(jobs, stopped.jobs), ...brought.jobs], content.jobs),
        consul: without([...without(consul, stopped.consul), ...brought.consul], content.consul),
      };
      return { ...(own ? { texts: desired.texts } : {}), record: { ...content, former } };
    });
    if (write.kind === "written" && moves)
      // Where it may not be removed, it stands there twice, and says too much.
      await remove(storeOf(otherStore(desired.store), clients), desired, clients.signal).catch(() => undefined);
    clients.signal?.throwIfAborted();
    return write;
  });
}

/** Jobs without those that are gone; those that are only stopped stay, as that. */
function afterStopping(jobs: readonly RecordedJob[], stopped: readonly RecordedJob[]): readonly RecordedJob[] {
  return [...without(jobs, stopped), ...stopped.filter((job) => job.stopped === true)];
}

/**
 * Takes back what {@link enterRecord} wrote, for a deployment that was refused before it changed anything. Where somebody else has written the
 * record since, it stays as it is.
 *
 * @param before what `enterRecord` said of the record before
 * @param brought what of the deployment may be there all the same. Default: nothing
 * @throws as {@link enterRecord}
 */
export async function leaveRecord(
  desired: DesiredRecord,
  before: StackRecord | undefined,
  clients: RecordClients,
  brought: RecordedThings = NOTHING,
): Promise<RecordWrite | { readonly kind: "removed" }> {
  return writing(clients, async () => {
    if (!before) {
      // There is nothing else that would tell of it.
      if (brought.jobs.length + brought.consul.length > 0) return { kind: "unwritten", reason: "it is needed" };
      const held = await storeOf(desired.store, clients).read(recordPath(desired), clients.signal);
      if (!isWritten(desired, held)) return { kind: "unwritten", reason: OTHERS_WROTE };
      await remove(storeOf(desired.store, clients), desired, clients.signal);
      return { kind: "removed" };
    }
    return rewrite(desired, clients, (now, held) => {
      if (!now || !isWritten(desired, held)) throw new NothingThere(OTHERS_WROTE);
      const entries = before.withoutHead ? [] : layOut(before);
      const texts = new Map(entries.map(({ path, value }) => [path, JSON.stringify(value)]));
      const former = {
        jobs: without([...before.former.jobs, ...brought.jobs], before.jobs),
        consul: without([...before.former.consul, ...brought.consul], before.consul),
      };
      return { texts, record: { ...before, former } };
    });
  });
}

const OTHERS_WROTE = "somebody else has written it since";

/** Whether a store has just what a program wants in its record, whatever the others are. */
function isWritten({ texts }: DesiredRecord, held: ReadonlyMap<string, StoredText>): boolean {
  return [...texts].every(([path, text]) => held.get(path)?.text === text);
}

/**
 * Removes the record of a stack of which nothing is left, also where the other store has one. One that cannot be read is not removed: it may tell of
 * something that is there still.
 *
 * @param place the store where it was found
 * @param gone all that the stack had. A record that has more was written by a deployment meanwhile, and stays. Default: it goes, whatever it has
 * @throws as {@link enterRecord}
 */
export async function removeRecord(
  place: RecordPlace,
  clients: RecordClients,
  gone?: RecordedThings,
): Promise<{ readonly kind: "removed" } | { readonly kind: "unwritten"; readonly reason: string }> {
  return writing(clients, async () => {
    const check = (held: ReadonlyMap<string, StoredText>) => gone && refuseMore(held, recordPath(place), gone);
    await remove(storeOf(place.store, clients), place, clients.signal, check);
    if (await isElsewhere(place, clients))
      await remove(storeOf(otherStore(place.store), clients), place, clients.signal, check);
    return { kind: "removed" };
  });
}

/** @throws NothingThere where a record has more than what is gone */
function refuseMore(held: ReadonlyMap<string, StoredText>, head: string, gone: RecordedThings): void {
  const record = readRecordTexts(textsOf(held), head);
  const [more] = record ? without([...record.jobs, ...record.former.jobs], gone.jobs) : [];
  if (more) throw new NothingThere(`${more.id} came to it meanwhile, by another deployment`);
}

/** Says that there is no record to be changed. */
class NothingThere extends Error {}

/** Tells what a server refuses for good from what passes. */
async function writing<T>(
  { signal }: RecordClients,
  run: () => Promise<T>,
): Promise<T | { readonly kind: "unwritten"; readonly reason: string }> {
  try {
    return await run();
  } catch (error) {
    signal?.throwIfAborted();
    if (passingTrouble(error) !== undefined) throw error;
    return { kind: "unwritten", reason: messageOf(error) };
  }
}

/** What a record shall be: the texts of what the program has, where they are written, and all of it. */
interface Rewritten {
  readonly texts?: ReadonlyMap<string, string>;
  readonly record: StackRecord;
}

async function rewrite(
  place: RecordPlace,
  clients: RecordClients,
  make: (before: StackRecord | undefined, held: ReadonlyMap<string, StoredText>) => Rewritten | Promise<Rewritten>,
): Promise<RecordWrite> {
  const store = storeOf(place.store, clients);
  const head = recordPath(place);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const held = await store.read(head, clients.signal);
    const before = readRecordTexts(textsOf(held), head);
    const made = await make(before, held);
    if (await store.change(changesTo(held, head, made), clients.signal))
      return { kind: "written", ...(before ? { before } : {}), record: made.record };
    await sleep(Math.random() * PAUSE, undefined, { signal: clients.signal });
  }
  return { kind: "unwritten", reason: "others write it all the time" };
}

/**
 * The changes from what a store has to what a record shall be. What only the former things know is written first, and what is not needed any more is removed
 * last, so that whoever is ended in between leaves too much in the record, and never too little.
 */
function changesTo(
  held: ReadonlyMap<string, StoredText>,
  head: string,
  { texts, record }: Rewritten,
): readonly TextChange[] {
  const wanted = new Map([...otherTexts(head, record.former), ...partsFirst(texts ?? new Map(), head)]);
  const written = [...wanted].flatMap(([path, text]) => {
    const before = held.get(path);
    return before?.text === text ? [] : [{ path, text, version: before?.version ?? 0 }];
  });
  const kept = (path: string) => wanted.has(path) || (texts === undefined && !path.startsWith(`${head}/others/`));
  // Nomad's variables are found one after another, so that none may be missing before the last one.
  const removed = [...held]
    .reverse()
    .flatMap(([path, { version }]) => (kept(path) ? [] : [{ path, text: undefined, version }]));
  return [...written, ...removed];
}

function partsFirst(texts: ReadonlyMap<string, string>, head: string): readonly (readonly [string, string])[] {
  return [...texts].sort(([a], [b]) => Number(a === head) - Number(b === head));
}

function otherTexts(head: string, { jobs, consul }: RecordedThings): readonly (readonly [string, string])[] {
  const plain: readonly (RecordedJob | RecordedInConsul)[] = [...jobs, ...consul];
  return inParts(plain).map((part, index) => [partPath(head, "others", index), JSON.stringify(part)] as const);
}

/** Whether the other store has a record of the stack too. @throws UnreadableRecord where that is not known */
async function isElsewhere(place: RecordPlace, clients: RecordClients): Promise<boolean> {
  const other = otherStore(place.store);
  const store = storeOf(other, clients);
  try {
    return (await store.read(recordPath(place), clients.signal)).size > 0;
  } catch (error) {
    clients.signal?.throwIfAborted();
    if (isNowhere(error, other, clients)) return false;
    if (passingTrouble(error) !== undefined) throw error;
    throw new UnreadableRecord(`whether ${store.name} has one of it, too, is not known: ${messageOf(error)}`);
  }
}

/** What stands in the other store, of a time when the stack had no Consul, or one. Nothing is known where that cannot be read. */
async function leftElsewhere(place: RecordPlace, clients: RecordClients): Promise<StackRecord | undefined> {
  const head = recordPath(place);
  try {
    const held = await storeOf(otherStore(place.store), clients).read(head, clients.signal);
    return readRecordTexts(textsOf(held), head);
  } catch {
    clients.signal?.throwIfAborted();
    return undefined;
  }
}

async function remove(
  store: RecordStore,
  identity: StackIdentity,
  signal: AbortSignal | undefined,
  check: (held: ReadonlyMap<string, StoredText>) => void = () => undefined,
): Promise<void> {
  const head = recordPath(identity);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const held = await store.read(head, signal);
    // What cannot be read may tell of something that is there still.
    readRecordTexts(textsOf(held), head);
    check(held);
    // The head goes last: as long as it is there, somebody finds what is left.
    const paths = [...held.keys()].sort((a, b) => Number(a === head) - Number(b === head));
    const changes = paths.map((path) => ({ path, text: undefined, version: held.get(path)?.version ?? 0 }));
    if (await store.change(changes, signal)) return;
    await sleep(Math.random() * PAUSE, undefined, { signal });
  }
  throw new NothingThere("others write it all the time");
}
