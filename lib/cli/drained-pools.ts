import { poolOfJob, type JobJson } from "../nomad";
import type { ServiceRow } from "../operations";
import { readPoolRecord } from "../pools";
import { shellQuoted, term, wrap, type TerminalText } from "../text";
import { askPoolStores, type PoolClients, type Unknown } from "./pool-stores";
import { ATTENTION } from "./symbols";

/** Whether a pool takes no new leases; where that is not known, why. */
type Drained = boolean | Unknown;

/** What is said of a job that is a pool's. */
export interface OfPool {
  readonly pool?: string;
  /** Whether the pool takes no new leases; absent where that is not known. */
  readonly drained?: boolean;
}

/** A job, and how many of its groups are to run. */
interface Counted {
  readonly job: string;
  readonly groups: readonly { readonly desired?: number }[];
}

/** Which pools of a stack somebody drained, so that nobody takes it for a fault, or for health, that nothing runs of them. */
export class DrainedPools {
  private constructor(
    private readonly byJob: ReadonlyMap<string, string>,
    private readonly pools: ReadonlyMap<string, Drained>,
  ) {}

  /** Asks where the leases of the jobs' pools are kept: Consul, and Nomad's variables where Consul says nothing of it. */
  static async of(jobs: readonly JobJson[], { nomad, consul, signal }: PoolClients) {
    const byJob = new Map(jobs.flatMap((job) => [[job.ID, poolOfJob(job)] as const].filter(isOfPool)));
    if (byJob.size === 0) return new DrainedPools(byJob, new Map());
    const answers = await askPoolStores(byJob.values(), { nomad, consul, signal }, async (store, pool, options) => {
      return (await readPoolRecord(store, pool, options)).draining === true ? true : undefined;
    });
    return new DrainedPools(byJob, new Map([...answers].map(([pool, answer]) => [pool, answer ?? false])));
  }

  /** What is known of a job, by its id. */
  of(job: string): OfPool {
    const pool = this.byJob.get(job);
    const drained = pool === undefined ? undefined : this.pools.get(pool);
    return { ...(pool === undefined ? {} : { pool }), ...(typeof drained === "boolean" ? { drained } : {}) };
  }

  /** A service of a drained pool, which has the pool's name, has no instances and is to have none. */
  services(rows: readonly ServiceRow[]): readonly ServiceRow[] {
    return rows.map((row) =>
      row.status === "absent" && this.pools.get(row.service) === true ? { ...row, status: "drained" } : row,
    );
  }

  /** What is to be said of pools of which nothing runs, or that take no new leases. */
  words(jobs: readonly Counted[]): readonly TerminalText[] {
    return [...this.pools].flatMap(([pool, drained]) => {
      const own = jobs.filter(({ job }) => this.byJob.get(job) === pool).flatMap(({ groups }) => groups);
      const isEmpty = own.length > 0 && own.every(({ desired }) => desired === 0);
      if (drained !== true && !isEmpty) return [];
      return [wrap(term`${ATTENTION} ${pool} ${inWords(pool, drained)}`, { hanging: 2 })];
    });
  }
}

function inWords(pool: string, drained: Drained): TerminalText {
  if (drained === true) return term`is drained: it takes no new leases until cdk-nomad pool fill ${shellQuoted(pool)}`;
  if (drained === false) return term`has the size 0: no container of it waits`;
  return term`has the size 0; whether somebody drained it is not known: ${drained.unknown}`;
}

function isOfPool(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined;
}
