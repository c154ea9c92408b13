import { HttpProblem } from "./problem";

/** A session that is being opened here. */
interface Opening {
  /** What it is called, once it has a place. */
  id: string | undefined;
  /** Whether it came to nothing. */
  isOver: boolean;
}

/**
 * Counts the browser sessions of each owner, and refuses those that would be too many: the ones that stand, whoever opened them, and the ones that are being opened here. A session is both while
 * its machine starts, and counts once. Of those who ask together the first are let in.
 */
export class OpenedSessions {
  readonly #opening = new Map<string, Set<Opening>>();

  constructor(
    private readonly most: number,
    /** The ids of an owner's sessions that stand. */
    private readonly standing: (owner: string) => Promise<readonly string[]>,
  ) {}

  /**
   * Opens one.
   *
   * @param open is given what is to be told the session's id as soon as it has one
   * @throws HttpProblem where the owner has too many
   */
  async open<T>(owner: string, open: (onPlace: (id: string) => void) => Promise<T>): Promise<T> {
    const all = this.#opening.get(owner) ?? new Set<Opening>();
    this.#opening.set(owner, all);
    const before = [...all];
    const own: Opening = { id: undefined, isOver: false };
    all.add(own);
    try {
      const standing = new Set(await this.standing(owner));
      const more = before.filter(({ id, isOver }) => !isOver && (id === undefined || !standing.has(id)));
      if (standing.size + more.length >= this.most)
        throw new HttpProblem("too-many-sessions", `${this.most} of one owner are the most; end one of them`, {
          retryAfter: 5,
        });
      return await open((id) => (own.id = id));
    } catch (error) {
      own.isOver = true;
      throw error;
    } finally {
      all.delete(own);
      if (all.size === 0) this.#opening.delete(owner);
    }
  }
}
