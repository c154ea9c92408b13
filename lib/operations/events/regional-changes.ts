import type { JobJson, NomadClient } from "../../nomad";
import type { Changes, ChangesOptions } from "./changes";
import { watchChanges } from "./watch-changes";

/** Runs something that watches jobs for changes, and closes what was opened for it. */
export async function withRegionalChanges<T>(
  nomad: NomadClient,
  jobs: readonly JobJson[],
  options: ChangesOptions,
  run: (regional: RegionalChanges) => Promise<T>,
): Promise<T> {
  const regional = new RegionalChanges(nomad, jobs, options);
  try {
    return await run(regional);
  } finally {
    regional.close();
  }
}

/** One stream of changes for each region, however many jobs it has; opened when the first is watched. */
export class RegionalChanges {
  readonly #open = new Map<string, Changes>();
  readonly #namespaces: ReadonlySet<string>;

  constructor(
    private readonly nomad: NomadClient,
    jobs: readonly JobJson[],
    private readonly options: ChangesOptions,
  ) {
    this.#namespaces = new Set(jobs.map(({ Namespace }) => String(Namespace ?? "")));
  }

  of(job: JobJson): Changes {
    const changes = this.streamFor(job);
    // The same id may be in several namespaces, and each watches its own.
    const watcher = JSON.stringify([job.Namespace ?? "", job.ID]);
    return { next: (id, signal) => changes.next(id, signal, watcher), close: () => changes.close() };
  }

  private streamFor(job: JobJson): Changes {
    const region = typeof job.Region === "string" ? job.Region : "";
    const open = this.#open.get(region);
    if (open) return open;
    const where = this.#namespaces.size > 1 ? { Region: region, Namespace: "*" } : job;
    const changes = watchChanges(this.nomad.where(where), this.options);
    this.#open.set(region, changes);
    return changes;
  }

  close(): void {
    for (const changes of this.#open.values()) changes.close();
  }
}
