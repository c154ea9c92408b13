/**
 * Lets work begin piece by piece, each in a turn of the event loop of its own. Whoever is refused is answered within the turn that they came in, so that
 * they wait for one piece of work at most, however many begin at once.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Is settled once it is the caller's turn. */
  async next(): Promise<void> {
    const turn = this.#last.then(() => new Promise<void>((resolve) => setImmediate(resolve)));
    this.#last = turn;
    return turn;
  }
}
