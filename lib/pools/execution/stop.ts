/** Why a command is stopped before it ends: whatever comes first, its time or its caller. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #cancel = () => this.now("cancelled");
  #reason: "timeout" | "cancelled" | undefined;

  /** @param timeout in milliseconds */
  constructor(
    timeout: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.#timer = setTimeout(() => this.now("timeout"), timeout);
    if (caller?.aborted) this.now("cancelled");
    else caller?.addEventListener("abort", this.#cancel, { once: true });
  }

  /** Aborted when it is to be stopped. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): "timeout" | "cancelled" | undefined {
    return this.#reason;
  }

  /** Stops it, unless it is being stopped. */
  now(reason: "timeout" | "cancelled"): void {
    this.#reason ??= reason;
    this.#controller.abort();
  }

  /** Forgets the time and the caller. */
  end(): void {
    clearTimeout(this.#timer);
    this.caller?.removeEventListener("abort", this.#cancel);
  }
}
