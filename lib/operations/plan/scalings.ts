import type { JobJson } from "../../nomad";
import type { Planned } from "./job-plan";
import { countsOf, ownedGroups, textWithoutCounts, withCounts } from "./scaled-counts";

/** What the versions of a job say after it was registered, or after a registration was refused. */
export type ScalingsVerdict =
  /** The newest version is the one that was registered, or a scaling of it, and has the counts that were asked for last. */
  | { readonly kind: "settled"; readonly newest: JobJson }
  /** The newest version is not the program's, or has a count that a scaling had changed: this is to be registered for its index. */
  | { readonly kind: "again"; readonly job: JobJson; readonly held: JobJson }
  /** Somebody changed something else than counts. `replaced`: the registration took it back. `isNewest`: nobody changed anything after it. */
  | { readonly kind: "changed"; readonly replaced: boolean; readonly isNewest: boolean }
  /** There is no such job any more. */
  | { readonly kind: "gone" };

/**
 * The account of who changed a job since it was planned, and who only scaled it, kept over all its versions.
 *
 * A server compares indexes before it writes, and scales the job that it read before: a registration and a scaling of the same moment
 * overwrite each other, in either order, and both are acknowledged. But each leaves a version. A version that differs in nothing but owned
 * counts from what was planned for, or from what was registered, is a scaling, and what it changed is what its groups shall have. One that is the
 * same as what was registered is nobody else's change, whoever wrote it first.
 */
export class Scalings {
  readonly #job: JobJson;
  readonly #owned: readonly string[];
  /** What was asked for last. */
  readonly #wanted: Map<string, number>;
  /** The counts that the job had last, by what it is apart from them: what was there before, and what was registered. */
  readonly #last = new Map<string, ReadonlyMap<string, number>>();
  readonly #registered = new Set<number>();
  readonly #before: string | undefined;
  #ours: string | undefined;
  #read: number;
  /** The versions of others that the newest one is, or follows, as texts. */
  #strangers: string[] = [];
  #replaced = false;

  /** @param planned what `held` it is planned for; where nothing is, or no count of it is owned, every other version is a change */
  constructor({ job, held, plan }: Planned) {
    this.#job = job;
    this.#owned = ownedGroups(job);
    this.#wanted = new Map(countsOf(job, this.#owned));
    this.#before = held && textWithoutCounts(held, this.#owned);
    if (this.#before !== undefined) this.#last.set(this.#before, countsOf(held, this.#owned));
    this.#read = plan.modifyIndex;
  }

  /** Notes that the job was registered, with the index that the server said. */
  registered(index: number): void {
    this.#registered.add(index);
  }

  /** Reads what has come, and says what follows. */
  look(versions: readonly JobJson[]): ScalingsVerdict {
    const rising = [...versions].sort((a, b) => indexOf(a) - indexOf(b));
    for (const version of rising) if (indexOf(version) > this.#read) this.take(version);
    const newest = rising.at(-1);
    if (!newest) return { kind: "gone" };
    const isNewest = this.#strangers.length === 0;
    if (this.#replaced || !isNewest) return { kind: "changed", replaced: this.#replaced, isNewest };
    const job = withCounts(this.#job, this.#wanted);
    return this.isOurs(newest) && same(countsOf(job, this.#owned), countsOf(newest, this.#owned))
      ? { kind: "settled", newest }
      : { kind: "again", job, held: newest };
  }

  private take(version: JobJson): void {
    this.#read = indexOf(version);
    const text = textWithoutCounts(version, this.#owned);
    const counts = countsOf(version, this.#owned);
    const last = this.#last.get(text);
    if (this.#registered.has(this.#read)) {
      this.#ours = text;
      this.#replaced ||= this.#strangers.some((stranger) => stranger !== text);
    } else if (!last) {
      this.#strangers.push(text);
      return;
    } else
      for (const [name, count] of counts)
        // Of one group alone even a scaling to the count that it had says what it shall have.
        if (counts.size === 1 || last.get(name) !== count) this.#wanted.set(name, count);
    this.#strangers = [];
    this.#last.set(text, counts);
  }

  /** A registration that changes nothing begins no version. */
  private isOurs(version: JobJson): boolean {
    if (this.#registered.size === 0) return false;
    return textWithoutCounts(version, this.#owned) === (this.#ours ?? this.#before);
  }
}

function indexOf(version: JobJson): number {
  return Number(version.JobModifyIndex);
}

function same(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([name, count]) => b.get(name) === count);
}
