import { setTimeout as sleep } from "node:timers/promises";
import { NoAnswerError } from "../errors";
import { messageOf, passingTrouble } from "../nomad";

/** Between two attempts, in milliseconds. */
const INTERVAL = 1000;

/** The start of something that needs Nomad and a store, tried again until they answer: a service that is started before them needs no other start. */
export class Startup {
  #trouble: string | undefined = "is starting";

  /**
   * @param name what is started, as in sentences: `the pool warm-pool-openai`
   * @param start starts it; where it throws, it is called again
   * @param onTrouble told why it does not start, once for each reason; never with anything that a client sent
   * @param interval between two attempts, in milliseconds. Default: 1000
   */
  constructor(
    readonly name: string,
    private readonly start: () => Promise<void>,
    private readonly onTrouble: (message: string) => void,
    private readonly interval = INTERVAL,
  ) {}

  /** Why it has not started yet; undefined once it has. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Refuses what needs it. @throws NoAnswerError as long as it has not started */
  refuse(): void {
    if (this.#trouble !== undefined) throw new NoAnswerError("Nomad", "silent", `${this.name} has not started yet`);
  }

  /** Starts it. @returns once it has started, or the signal gave it up */
  async run(signal: AbortSignal): Promise<void> {
    for (let said = ""; !signal.aborted;) {
      try {
        await this.start();
        this.#trouble = undefined;
        return;
      } catch (error) {
        const message = messageOf(error);
        this.#trouble = passingTrouble(error) ?? "could not be started; the service's log has more";
        if (message !== said) this.onTrouble(`${this.name} could not be started: ${message}`);
        said = message;
      }
      await sleep(this.interval, undefined, { signal }).catch(() => undefined);
    }
  }
}
