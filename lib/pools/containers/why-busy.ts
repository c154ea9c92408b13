import { unplacedInWords, type NomadClient } from "../../nomad";
import { PoolBusyError } from "../leases";
import type { Generation } from "./generations";
import type { Probes } from "./probes";
import type { ContainerView } from "./view";

/** What {@link whyBusy} looks at. */
export interface BusyParts {
  readonly nomad: NomadClient;
  readonly view: ContainerView;
  readonly probes: Probes;
  /** The generation that gives out containers. */
  readonly current: Generation | undefined;
}

/** A refusal with why containers are missing or are not given out, where that is known. */
export async function whyBusy(error: PoolBusyError, parts: BusyParts): Promise<PoolBusyError> {
  const { nomad, view, probes, current } = parts;
  if (!current) return new PoolBusyError(error.pool, error.retryAfter, error.summary, "its job is not deployed");
  const there = view.containers.filter(({ job }) => job === current.job);
  const running = there.filter(({ isRunning }) => isRunning);
  const ill = running.filter(({ isHealthy }) => !isHealthy).length;
  const silent = running.flatMap(({ id, isHealthy }) => (isHealthy && probes.troubleOf(id)) || []);
  const missing = current.count - there.length;
  const unplaced = missing > 0 ? await nomad.evaluations(current.job).then(unplacedInWords, () => []) : [];
  const why = [
    ...(view.isCurrent ? [] : ["Nomad or Consul does not answer just now"]),
    ...unplaced.map((reason) => `${missing} more of its containers find no node: ${reason}`),
    ...(ill > 0 ? [`${ill} of its containers run and are not healthy in Consul`] : []),
    ...(silent.length > 0 ? [`${silent.length} of its containers answer no command: ${silent[0]}`] : []),
  ];
  return new PoolBusyError(error.pool, error.retryAfter, error.summary, why.join("; "));
}
