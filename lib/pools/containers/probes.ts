import type { Executor } from "../execution";
import type { Clock } from "../leases";
import type { Container } from "./view";

/** How long a container may take to answer, in milliseconds. */
const TIMEOUT = 5000;
/** The pause before one that did not answer is asked again. */
const PAUSE = 1000;

type Answer = { readonly kind: "asked" | "answered" } | { readonly kind: "failed"; readonly at: number };

/** Asks each new container once whether it runs a command: a check that passes in Consul does not say that an exec gets there. */
export class Probes {
  readonly #answers = new Map<string, Answer>();

  constructor(
    private readonly executor: Executor,
    private readonly clock: Clock,
    private readonly onAnswer: () => void,
  ) {}

  hasAnswered(id: string): boolean {
    return this.#answers.get(id)?.kind === "answered";
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
    this.#answers.set(id, { kind: "asked" });
    const place = { allocation: id, task, isolation };
    const hasAnswered = await this.executor.execute(place, "true", { timeout: TIMEOUT }).then(
      ({ exitCode }) => exitCode === 0,
      () => false,
    );
    if (!this.#answers.has(id)) return;
    this.#answers.set(id, hasAnswered ? { kind: "answered" } : { kind: "failed", at: this.clock.now() });
    if (hasAnswered) this.onAnswer();
  }
}
