import { PoolBusyError } from "../leases";
import type { Generation } from "./generations";
import type { Probes } from "./probes";
import type { Unplaced } from "./unplaced";
import type { ContainerView } from "./view";

/** What {@link whyBusy} looks at. */
export interface BusyParts {
  readonly view: ContainerView;
  readonly probes: Probes;
  readonly unplaced: Unplaced;
  /** The generation that gives out containers. */
  readonly current: Generation | undefined;
  /** How long Nomad may take to say why containers find no node, in milliseconds. 0: it is told where it is known already. */
  readonly patience: number;
}

/** How many containers of a generation are not there. */
export function missingOf(current: Generation, view: ContainerView): number {
  return Math.max(0, current.count - view.containers.filter(({ job }) => job === current.job).length);
}

/** A refusal with why containers are missing or are not given out, where that is known. */
export async function whyBusy(error: PoolBusyError, parts: BusyParts): Promise<PoolBusyError> {
  const { view, probes, unplaced, current, patience } = parts;
  if (!current) return new PoolBusyError(error.pool, error.retryAfter, error.summary, "its job is not deployed");
  const there = view.containers.filter(({ job }) => job === current.job);
  const running = there.filter(({ isRunning }) => isRunning);
  const ill = running.filter(({ isHealthy }) => !isHealthy).length;
  const silent = running.flatMap(({ id, isHealthy }) => (isHealthy && probes.troubleOf(id)) || []);
  const missing = missingOf(current, view);
  const reasons = missing > 0 ? await unplaced.reasons(current.job, patience) : [];
  const why = [
    ...(view.isUpToDate ? [] : ["Nomad or Consul does not answer just now"]),
    ...reasons.map((reason) => `${missing} more of its containers find no node: ${reason}`),
    ...(ill > 0 ? [`${ill} of its containers run and are not healthy in Consul`] : []),
    ...(silent.length > 0 ? [`${silent.length} of its containers answer no command: ${silent[0]}`] : []),
  ];
  return new PoolBusyError(error.pool, error.retryAfter, error.summary, why.join("; "));
}
