import { createHash } from "node:crypto";

/**
 * In which order slots are taken, so that managers rarely reach for the same one without asking each other: all of them sort the slots alike, by a
 * hash of the name, and deal them out to the managers that are there, one after another. Each begins with its own.
 */
export class Ranking {
  #slots: readonly string[] = [];
  #ranked: readonly string[] = [];
  readonly #hashes = new Map<string, string>();

  /** Slots in the order that every manager has them in. */
  ranked(slots: Iterable<string>): readonly string[] {
    const list = [...new Set(slots)];
    if (list.length === this.#slots.length && list.every((slot, index) => slot === this.#slots[index]))
      return this.#ranked;
    this.#slots = list;
    const known = new Set(list);
    for (const slot of this.#hashes.keys()) if (!known.has(slot)) this.#hashes.delete(slot);
    this.#ranked = list
      .map((slot) => ({ slot, hash: this.hash(slot) }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1))
      .map(({ slot }) => slot);
    return this.#ranked;
  }

  private hash(slot: string): string {
    const known = this.#hashes.get(slot);
    if (known !== undefined) return known;
    const hash = createHash("sha256").update(slot).digest("base64");
    this.#hashes.set(slot, hash);
    return hash;
  }
}

/**
 * The order in which one manager takes slots: those that are dealt to it; then those of the others, the next one's first and each from the end, since
 * the other begins at the start.
 *
 * @param mine its place among the managers, from 0
 */
export function* preferred(ranked: readonly string[], mine: number, managers: number): Generator<string> {
  for (let next = 0; next < managers; next += 1) {
    const share = ranked.filter((_, rank) => rank % managers === (mine + next) % managers);
    yield* next === 0 ? share : share.reverse();
  }
}
