import type { DeploymentView, JobOutcome } from "../operations";
import { deploymentLines, deploymentSummary, outcomeText } from "./deployment-text";
import type { CliContext } from "./context";
import type { Clock } from "./surroundings";
import type { Terminal } from "./terminal";

/** Shows deployments while they go on: lines that move on a terminal, elsewhere a line for every change. */
export class DeploymentScreen {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #started: number;
  readonly #last = new Map<string, string>();
  readonly #ends = new Map<string, number>();
  readonly #views = new Map<string, DeploymentView>();
  readonly #progress: ReturnType<Terminal["progress"]>;

  constructor({ terminal, clock }: Pick<CliContext, "terminal" | "clock">) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#started = clock.now();
    this.#progress = terminal.progress();
  }

  /** What deploying, promoting and going back are given. */
  handlers() {
    return {
      onStep: (text: string) => (this.#views.size > 0 ? this.#terminal.note(`  ${text}`) : this.#progress.step(text)),
      onChange: (view: DeploymentView) => this.show(view),
      onTrouble: (text: string) => {
        this.#terminal.note(`${this.#terminal.color.yellow("!")} ${text}`);
        this.draw();
      },
    };
  }

  /** Takes what moves away, and says how each ended. */
  end(outcomes: readonly JobOutcome[], environment: string): void {
    this.#terminal.rest();
    for (const outcome of outcomes) {
      const seconds = this.#ends.get(nameOf(outcome.view)) ?? this.seconds;
      this.#terminal.note(
        this.#terminal.hang(outcomeText(outcome, { terminal: this.#terminal, seconds, environment })),
      );
    }
  }

  private get seconds(): number {
    return Math.round((this.#clock.now() - this.#started) / 1000);
  }

  private show(view: DeploymentView): void {
    const name = nameOf(view);
    if (view.status === "successful") this.#ends.set(name, this.seconds);
    this.#views.set(name, view);
    if (this.#terminal.moves) return this.draw();
    const line = deploymentSummary(view);
    if (line !== this.#last.get(name)) this.#terminal.note(line);
    this.#last.set(name, line);
  }

  private draw(): void {
    if (this.#views.size === 0) return;
    this.#terminal.live(() =>
      [...this.#views.values()].map((each) => deploymentLines(each, this.#terminal, this.seconds)).join("\n"),
    );
  }
}

function nameOf({ region, job }: DeploymentView): string {
  return `${region ?? ""}/${job}`;
}
