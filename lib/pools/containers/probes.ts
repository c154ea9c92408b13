import { messageOf } from "../../nomad";
import type { Executor } from "../execution";
import type { Clock } from "../leases";
import type { Container } from "./view";

/** How long a container may take to answer, in milliseconds. */
const TIMEOUT = 5000;
/** The pause before one that did not answer is asked again. */
const PAUSE = 1000;

type Answer =
  | { readonly kind: "answered" }
  | { readonly kind: "asked"; readonly trouble?: string }
  | { readonly kind: "failed"; readonly at: number; readonly trouble: string };

/** Asks each new container once whether it runs a command: a check that passes in Consul does not say that an exec gets there. */
export class Probes {
  readonly #answers = new Map<string, Answer>();
  /** Whether somebody was told that none answers. */
  #isTold = false;

  constructor(
    private readonly executor: Executor,
    private readonly clock: Clock,
    private readonly onAnswer: () => void,
    private readonly onTrouble: (message: string) => void,
  ) {}

  hasAnswered(id: string): boolean {
    return this.#answers.get(id)?.kind === "answered";
  }

  /** Why a container has not answered; undefined where it has, or was not asked to the end yet. */
  troubleOf(id: string): string | undefined {
    const answer = this.#answers.get(id);
    return answer && "trouble" in answer ? answer.trouble : undefined;
  }

  /** Asks those that were not asked, and forgets those that are not among them any more. */
  look(running: readonly Container[]): void {
    const ids = new Set(running.map(({ id }) => id));
    for (const id of this.#answers.keys()) if (!ids.has(id)) this.#answers.delete(id);
    for (const container of running) {
      const answer = this.#answers.get(container.id);
      const isDue = answer === undefined || (answer.kind === "failed" && this.clock.now() - answer.at > PAUSE);
      if (isDue) void this.ask(container);
    }
  }

  private async ask({ id, task, isolation }: Container): Promise<void> {
    this.#answers.set(id, { kind: "asked", trouble: this.troubleOf(id) });
    const place = { allocation: id, task, isolation };
    const trouble = await this.executor.execute(place, "true", { timeout: TIMEOUT }).then(
      ({ exitCode }) => (exitCode === 0 ? undefined : `a first command ended with ${exitCode}`),
      (error: unknown) => messageOf(error),
    );
    if (!this.#answers.has(id)) return;
    if (trouble === undefined) {
      this.#isTold = false;
      this.#answers.set(id, { kind: "answered" });
      return this.onAnswer();
    }
    this.#answers.set(id, { kind: "failed", at: this.clock.now(), trouble });
    // One that ends just now does not answer either; whoever looks after the pool hears of it once.
    if (!this.#isTold) this.onTrouble(`the container ${id} does not answer: ${trouble}; trying again`);
    this.#isTold = true;
  }
}
