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
 *
 * Other services of the same pool may open some in the same moment: each counts again once its session has a place, where all of them see it, and gives it up where there are too many then. So
 * none is ever one too many, and where two come to the last place at once, both may be told to ask again.
 */
export class OpenedSessions {
  readonly #opening = new Map<string, Set<Opening>>();

  constructor(
    private readonly most: number,
    /** The ids of an owner's sessions that have a place, whichever service has opened them. */
    private readonly standing: (owner: string) => Promise<readonly string[]>,
  ) {}

  /**
   * Opens one.
   *
   * @param open is given what is to be told the session's id as soon as it has one, and gives its place up where that throws
   * @throws HttpProblem where the owner has too many
   */
  async open<T>(owner: string, open: (onPlace: (id: string) => Promise<void>) => Promise<T>): Promise<T> {
    const all = this.#opening.get(owner) ?? new Set<Opening>();
    this.#opening.set(owner, all);
    const before = [...all];
    const own: Opening = { id: undefined, isOver: false };
    all.add(own);
    try {
      const standing = new Set(await this.standing(owner));
      const more = before.filter(({ id, isOver }) => !isOver && (id === undefined || !standing.has(id)));
      if (standing.size + more.length >= this.most) throw this.tooMany();
      return await open(async (id) => {
        own.id = id;
        if ((await this.standing(owner)).length > this.most) throw this.tooMany();
      });
    } catch (error) {
      own.isOver = true;
      throw error;
    } finally {
      all.delete(own);
      if (all.size === 0) this.#opening.delete(owner);
    }
  }

  private tooMany(): HttpProblem {
    return new HttpProblem("too-many-sessions", `${this.most} of one owner are the most; end one of them`, {
      retryAfter: 5,
    });
  }
}
