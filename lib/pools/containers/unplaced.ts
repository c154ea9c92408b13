import { sharedAnswer, unplacedInWords, type NomadClient } from "../../nomad";
import { settledWithin, type Clock } from "../leases";

/** Between two questions to Nomad, in milliseconds, however many claims are refused. */
const ASKED_AGAIN = 1000;
/** How long an answer is told, in milliseconds: what is older may be otherwise by now. */
const FRESH = 5000;

interface Answer {
  readonly job: string;
  readonly reasons: readonly string[];
  readonly at: number;
}

/** Why containers of a pool find no node, as Nomad's evaluations say. It is asked once a second at most, and nobody waits longer for it than they can. */
export class Unplaced {
  readonly #ask: () => Promise<void>;
  #last: Answer | undefined;

  constructor(
    nomad: NomadClient,
    private readonly clock: Clock,
    /** The job that gives out containers. */
    job: () => string | undefined,
  ) {
    this.#ask = sharedAnswer(
      ASKED_AGAIN,
      () => clock.now(),
      async () => {
        const asked = job();
        if (asked === undefined) return;
        const reasons = unplacedInWords(await nomad.evaluations(asked));
        this.#last = { job: asked, reasons, at: clock.now() };
      },
    );
  }

  /** Asks, for whoever wants to know it soon. */
  look(): void {
    // What is not answered is not told; that Nomad does not answer is told by the view of the pool.
    this.#ask().catch(() => undefined);
  }

  /**
   * The reasons for a job; none where they are not known.
   *
   * @param patience how long to wait for them, in milliseconds. 0: what is known is told at once
   */
  async reasons(job: string, patience: number): Promise<readonly string[]> {
    const asked = this.#ask().catch(() => undefined);
    if (patience > 0) await settledWithin(this.clock, patience, [asked]);
    const last = this.#last;
    return last?.job === job && this.clock.now() - last.at < FRESH ? last.reasons : [];
  }
}
