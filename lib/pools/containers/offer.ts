import type { Agreement } from "../generations";
import type { Maintenance } from "./maintenance";
import type { Probes } from "./probes";
import type { Container, ContainerView } from "./view";

/** What an {@link Offer} follows from. */
export interface OfferParts {
  readonly view: ContainerView;
  readonly maintenance: Maintenance;
  readonly agreement: Agreement;
  readonly probes: Probes;
  /** In milliseconds. */
  readonly maxAge: number;
}

/** Which containers of a pool may be given to somebody now. */
export class Offer {
  constructor(private readonly parts: OfferParts) {}

  /** The ids of all of them. */
  *candidates(): Iterable<string> {
    for (const container of this.parts.view.containers) if (this.has(container)) yield container.id;
  }

  /** Whether a container may be given to somebody. */
  has(container: Container | undefined): container is Container {
    const { view, maintenance, agreement, maxAge } = this.parts;
    const { current } = maintenance;
    if (!container || !current || agreement.record.draining || !view.knows(current.job)) return false;
    if (container.job !== current.job || container.age > maxAge) return false;
    // Where the pool becomes smaller, those with the highest numbers have to become free.
    const target = maintenance.targetOf(current);
    const isStaying = current.count <= target || container.number < target;
    return isStaying && this.isReady(container) && !maintenance.isWorn(container.id);
  }

  /** Whether a container could run a command. */
  isReady({ id, isRunning, isHealthy }: Container): boolean {
    return isRunning && isHealthy && this.parts.probes.hasAnswered(id);
  }
}
