import type { LeaseBook, Offering } from "../leases";
import type { Agreement } from "../generations";
import type { Maintenance } from "./maintenance";
import type { WarmPoolStatus } from "./options";
import type { Container, ContainerView } from "./view";

/** What a {@link WarmPoolStatus} is made of. */
export interface StatusParts {
  readonly pool: string;
  readonly book: LeaseBook;
  readonly view: ContainerView;
  readonly maintenance: Maintenance;
  readonly agreement: Agreement;
  readonly isReady: (container: Container) => boolean;
}

/** How a pool does, from memory. */
export function statusOf({ pool, book, view, maintenance, agreement, isReady }: StatusParts): WarmPoolStatus {
  const state = book.state();
  const { current } = maintenance;
  const { record } = agreement;
  const { containers } = view;
  const held = new Set(state.slots.filter((slot) => slot.state === "held").map(({ slot }) => slot));
  const own = containers.filter(({ job }) => job === current?.job);
  return {
    pool,
    free: state.free,
    leased: state.leased,
    coming: own.filter((container) => !held.has(container.id) && !isReady(container)).length,
    target: current ? maintenance.targetOf(current) : 0,
    queue: state.queue,
    draining: record.draining === true,
    isolation: current?.isolation,
    generations: view.generations.map(({ job, count }) => {
      const of = containers.filter((container) => container.job === job);
      return {
        job,
        isCurrent: job === current?.job,
        count,
        containers: of.length,
        leased: of.filter(({ id }) => held.has(id)).length,
      };
    }),
    managers: state.managers,
    upToDate: state.upToDate && view.isUpToDate,
  };
}

/** Whether a pool has what it gives out, or all that it shall have is somebody's. */
export function offeringOf({ draining, target, free, coming, generations }: WarmPoolStatus): Offering {
  const containers = generations.find(({ isCurrent }) => isCurrent)?.containers ?? 0;
  if (draining || target === 0 || free > 0 || (coming === 0 && containers >= target)) return "settled";
  return coming > 0 ? "coming" : "nothing";
}
