import type { JobJson, NomadClient } from "../../nomad";
import type { Changes, FollowOptions } from "./changes";
import { followChanges } from "./follow";

/** Runs something that follows jobs, and closes what was opened for it. */
export async function withStreams<T>(
  nomad: NomadClient,
  jobs: readonly JobJson[],
  options: FollowOptions,
  run: (streams: Streams) => Promise<T>,
): Promise<T> {
  const streams = new Streams(nomad, jobs, options);
  try {
    return await run(streams);
  } finally {
    streams.close();
  }
}

/** One stream of changes for each region, however many jobs it has; opened when the first is watched. */
export class Streams {
  readonly #open = new Map<string, Changes>();
  readonly #namespaces: ReadonlySet<string>;

  constructor(
    private readonly nomad: NomadClient,
    jobs: readonly JobJson[],
    private readonly options: FollowOptions,
  ) {
    this.#namespaces = new Set(jobs.map(({ Namespace }) => String(Namespace ?? "")));
  }

  of(job: JobJson): Changes {
    const region = typeof job.Region === "string" ? job.Region : "";
    const open = this.#open.get(region);
    if (open) return open;
    const where = this.#namespaces.size > 1 ? { Region: region, Namespace: "*" } : job;
    const changes = followChanges(this.nomad.where(where), this.options);
    this.#open.set(region, changes);
    return changes;
  }

  close(): void {
    for (const changes of this.#open.values()) changes.close();
  }
}
