import { HttpProblem } from "./problem";

/** How many commands run at once. */
export interface ExecutionLimits {
  /** Of one owner. */
  readonly perOwner: number;
  /** Of all together; those beyond it are refused at once. */
  readonly all: number;
}

/** Counts commands that run, and refuses those that would be too many: at once, so that nobody waits to be told. */
export class RunningCommands {
  readonly #byOwner = new Map<string, number>();
  readonly #stops = new Set<AbortController>();
  /** How many owners have as many as one may. */
  #full = 0;
  #idle: (() => void) | undefined;
  // Made once: those who are refused are many, and an error takes a stack along.
  readonly #tooManyOfOwner: HttpProblem;
  readonly #tooMany: HttpProblem;

  constructor(
    private readonly limits: ExecutionLimits,
    private readonly onChange: (running: number) => void,
  ) {
    const refusal = (detail: string) => new HttpProblem("too-many-executions", detail, { retryAfter: 1 });
    this.#tooManyOfOwner = refusal(`${limits.perOwner} commands of this owner run already; wait for one of them`);
    this.#tooMany = refusal("the service runs as many commands as it may; ask again");
  }

  get count(): number {
    return this.#stops.size;
  }

  /** Whether somebody's next command would be too many. */
  get isFull(): boolean {
    return this.count >= this.limits.all || this.#full > 0;
  }

  /** Why another command would be too many now; undefined where it would not. @param owner whose it is, where that is known */
  refusal(owner: string | undefined): HttpProblem | undefined {
    const own = owner === undefined ? 0 : (this.#byOwner.get(owner) ?? 0);
    if (own >= this.limits.perOwner) return this.#tooManyOfOwner;
    return this.count >= this.limits.all ? this.#tooMany : undefined;
  }

  /**
   * Runs a command as one of an owner's.
   *
   * @param run is given a signal that says to end it
   * @throws HttpProblem where there are too many
   */
  async run<T>(owner: string, run: (stop: AbortController) => Promise<T>): Promise<T> {
    const refusal = this.refusal(owner);
    if (refusal) throw refusal;
    const own = this.#byOwner.get(owner) ?? 0;
    const stop = new AbortController();
    this.#byOwner.set(owner, own + 1);
    if (own + 1 === this.limits.perOwner) this.#full += 1;
    this.#stops.add(stop);
    this.onChange(this.count);
    try {
      return await run(stop);
    } finally {
      this.#stops.delete(stop);
      const left = (this.#byOwner.get(owner) ?? 1) - 1;
      if (left + 1 === this.limits.perOwner) this.#full -= 1;
      if (left > 0) this.#byOwner.set(owner, left);
      else this.#byOwner.delete(owner);
      this.onChange(this.count);
      if (this.count === 0) this.#idle?.();
    }
  }

  /** Is settled once no command runs. */
  async idle(): Promise<void> {
    if (this.count === 0) return;
    await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** Ends every command that runs. */
  stopAll(): void {
    for (const stop of this.#stops) stop.abort();
  }
}
