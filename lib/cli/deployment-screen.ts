import type { DeploymentView, JobOutcome } from "../operations";
import { joinLines, renderTerminal, term } from "../text";
import type { CliContext } from "./context";
import { deploymentLines, deploymentSummary, outcomeText } from "./deployment-text";
import { ATTENTION } from "./symbols";
import type { Clock } from "./system";
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
      onStep: (text: string) =>
        this.#views.size > 0 ? this.#terminal.note(term`  ${text}`) : this.#progress.step(text),
      onChange: (view: DeploymentView) => this.show(view),
      onTrouble: (text: string) => {
        this.#terminal.note(term`${ATTENTION} ${text}`);
        this.draw();
      },
    };
  }

  /** Takes what moves away, and says how each ended. */
  end(outcomes: readonly JobOutcome[], environment: string): void {
    this.#terminal.rest();
    for (const outcome of outcomes) {
      const seconds = this.#ends.get(regionalName(outcome.view)) ?? this.seconds;
      this.#terminal.note(outcomeText(outcome, { seconds, environment }));
    }
  }

  private get seconds(): number {
    return Math.round((this.#clock.now() - this.#started) / 1000);
  }

  private show(view: DeploymentView): void {
    const name = regionalName(view);
    if (view.status === "successful") this.#ends.set(name, this.seconds);
    this.#views.set(name, view);
    if (this.#terminal.moves) return this.draw();
    const line = deploymentSummary(view);
    // What would look the same is not said again.
    const rendered = renderTerminal(line, { color: false, mask: (text) => text });
    if (rendered !== this.#last.get(name)) this.#terminal.note(line);
    this.#last.set(name, rendered);
  }

  private draw(): void {
    if (this.#views.size === 0) return;
    this.#terminal.live(() => {
      const moment = { spinner: this.#terminal.spinner, seconds: this.seconds, now: this.#clock.date() };
      return joinLines([...this.#views.values()].map((view) => deploymentLines(view, moment)));
    });
  }
}

function regionalName({ region, job }: DeploymentView): string {
  return `${region ?? ""}/${job}`;
}
