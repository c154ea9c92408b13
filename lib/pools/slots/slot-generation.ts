import type { PoolJobFacts } from "./pool-job";
import type { Resizer } from "./resizer";
import type { Sandboxes } from "./sandboxes";
import type { Shrinking } from "./shrinking";

/** One generation of a slot pool: its job as it was read last, its sandboxes, and what makes them more or fewer. */
export interface SlotGeneration {
  readonly facts: PoolJobFacts;
  readonly sandboxes: Sandboxes;
  readonly resizer: Resizer;
  readonly shrinking: Shrinking;
}
