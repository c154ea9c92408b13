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
    const isOffered = this.now();
    for (const container of this.parts.view.containers) if (isOffered(container)) yield container.id;
  }

  /** Whether a container may be given to somebody. */
  has(container: Container | undefined): container is Container {
    return container !== undefined && this.now()(container);
  }

  /** Whether a container may be given to somebody now: what is the same for all of them is asked once. */
  private now(): (container: Container) => boolean {
    const { view, maintenance, agreement, maxAge } = this.parts;
    const { current } = maintenance;
    if (!current || agreement.record.draining || !view.knows(current.job)) return () => false;
    // Where the pool becomes smaller, those with the highest numbers have to become free.
    const target = maintenance.targetOf(current);
    const isShrinking = current.count > target;
    return (container) =>
      container.job === current.job &&
      container.age <= maxAge &&
      (!isShrinking || container.number < target) &&
      this.isReady(container) &&
      !maintenance.isWorn(container.id);
  }

  /** Whether a container could run a command. */
  isReady({ id, isRunning, isHealthy }: Container): boolean {
    return isRunning && isHealthy && this.parts.probes.hasAnswered(id);
  }
}
