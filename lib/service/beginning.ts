import { setTimeout as sleep } from "node:timers/promises";
import { NoAnswerError } from "../errors";
import { messageOf, passingTrouble } from "../nomad";

/** Between two attempts, in milliseconds. */
const AGAIN = 1000;

/** Begins with something that Nomad and a store are needed for, again and again until they answer: a service that is started before them needs no other start. */
export class Beginning {
  #trouble: string | undefined = "is being begun with";

  /**
   * @param name what is begun with, as in sentences: `the pool warm-pool-openai`
   * @param start begins with it; where it throws, it can be asked again
   * @param onTrouble told why it does not begin, once for each reason; never with anything that a client sent
   */
  constructor(
    readonly name: string,
    private readonly start: () => Promise<void>,
    private readonly onTrouble: (message: string) => void,
    private readonly again = AGAIN,
  ) {}

  /** Why it could not be begun with yet; undefined once it was. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @throws NoAnswerError as long as it could not be begun with */
  refuse(): void {
    if (this.#trouble !== undefined)
      throw new NoAnswerError("Nomad", "silent", `${this.name} could not be begun with yet`);
  }

  /** Begins. @returns once it has, or somebody gave it up */
  async run(signal: AbortSignal): Promise<void> {
    for (let said = ""; !signal.aborted;) {
      try {
        await this.start();
        this.#trouble = undefined;
        return;
      } catch (error) {
        const message = messageOf(error);
        this.#trouble = passingTrouble(error) ?? "could not be begun with; the service's log has more";
        if (message !== said) this.onTrouble(`${this.name} could not be begun with: ${message}`);
        said = message;
      }
      await sleep(this.again, undefined, { signal }).catch(() => undefined);
    }
  }
}
