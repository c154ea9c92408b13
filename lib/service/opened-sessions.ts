import { setTimeout as sleep } from "node:timers/promises";
import { HttpProblem } from "./problem";

/** How long whoever has come first waits until the others have given their places up, and how often it counts, in milliseconds. */
const GIVING_UP = { longest: 1000, interval: 50 };

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
 * Other services of the same pool may open some in the same moment: each counts again once its session has a place, where all of them see it, and none goes on as long as there are too many. Which
 * of those that have come since are to give up their places is decided by their ids, which is the same for all: so none is ever one too many, and one of those that come to the last place at once has it.
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
        await this.confirm(owner, id, standing);
      });
    } catch (error) {
      own.isOver = true;
      throw error;
    } finally {
      all.delete(own);
      if (all.size === 0) this.#opening.delete(owner);
    }
  }

  /**
   * Waits until there are not too many, one that has its place included.
   *
   * @param before those that stood before it had its place: none of them gives up
   * @throws HttpProblem where it is this one that gives up, or nobody does
   */
  private async confirm(owner: string, id: string, before: ReadonlySet<string>): Promise<void> {
    for (let waited = 0; ; waited += GIVING_UP.interval) {
      const now = await this.standing(owner);
      if (now.length <= this.most) return;
      const since = now.filter((each) => !before.has(each)).sort();
      const left = this.most - (now.length - since.length);
      if (since.indexOf(id) >= left || waited >= GIVING_UP.longest) throw this.tooMany();
      await sleep(GIVING_UP.interval);
    }
  }

  private tooMany(): HttpProblem {
    return new HttpProblem("too-many-sessions", `${this.most} of one owner are the most; end one of them`, {
      retryAfter: 5,
    });
  }
}
