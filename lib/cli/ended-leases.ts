import { UserError } from "../errors";
import { poolOfJob } from "../nomad";
import type { Planned, Preview } from "../operations";
import { allocationOf, standingLeases, type Lease } from "../pools";
import { shellQuoted, term } from "../text";
import type { Telling } from "./context";
import { askPoolStores, type PoolClients } from "./pool-stores";
import { ATTENTION } from "./symbols";

/** What a change of a job would end. */
export interface EndedLeases {
  readonly path: string;
  readonly job: string;
  readonly pool: string;
  /** The leases of containers, or of slots, that Nomad would end. */
  readonly leases: readonly Lease[];
  /** Why it is not known which there are, where that is so. */
  readonly unknown?: string;
}

/** A job, and what Nomad would do with it. */
type PlannedJob = Pick<Planned, "plan" | "job">;

/** How many leases are named before it is only said how many more there are. */
const NAMED = 5;
const LONGEST_OWNER = 64;

/**
 * The leases that would end, were jobs changed as planned: those in allocations of a pool's job that Nomad would replace or stop. A pool whose changed
 * job has another id, and comes up beside the old one, has none.
 */
export async function endedLeases(
  planned: readonly PlannedJob[],
  { nomad, consul, signal }: PoolClients,
): Promise<readonly EndedLeases[]> {
  const jobs = planned.flatMap(({ plan, job }) => {
    const pool = endsAllocations(plan) ? poolOfJob(job) : undefined;
    return pool === undefined ? [] : [{ path: plan.path, job, pool }];
  });
  if (jobs.length === 0) return [];
  const pools = jobs.map(({ pool }) => pool);
  const answers = await askPoolStores(pools, { nomad, consul, signal }, async (store, pool, options) => {
    const leases = await standingLeases(store, pool, options);
    return leases.length > 0 ? { leases } : undefined;
  });
  const found = await Promise.all(
    jobs.map(async ({ path, job, pool }): Promise<EndedLeases> => {
      const where = { path, job: job.ID, pool };
      const answer = answers.get(pool);
      if (answer === undefined) return { ...where, leases: [] };
      if ("unknown" in answer) return { ...where, leases: [], unknown: answer.unknown };
      const own = new Set((await nomad.where(job).allocations(job.ID)).map(({ ID }) => ID));
      return { ...where, leases: answer.leases.filter((lease) => own.has(allocationOf(lease))) };
    }),
  );
  return found.filter(({ leases, unknown }) => leases.length > 0 || unknown !== undefined);
}

/**
 * Refuses changes that would end leases.
 *
 * @param options `endLeases`: whether they are ended all the same. Default: false
 * @param context its terminal is told of what is ended, and of what is not known
 * @throws UserError with every job whose change would, with whose leases they are, and the ways out
 */
export async function refuseToEndLeases(
  planned: readonly PlannedJob[],
  clients: PoolClients,
  { endLeases = false }: { readonly endLeases?: boolean },
  { terminal }: Telling,
): Promise<void> {
  const found = await endedLeases(planned, clients);
  for (const one of found)
    if (endLeases || one.unknown !== undefined) terminal.note(term`${ATTENTION} ${one.job}: ${inWords(one)}`);
  const refused = endLeases ? [] : found.filter(({ unknown }) => unknown === undefined);
  if (refused.length === 0) return;
  throw new UserError(
    refused.map((one) => ({
      rule: "pool/leased",
      path: [one.path],
      message:
        `${inWords(one)}; wait until they are released (cdk-nomad pool status ${shellQuoted(one.pool)} --watch), give the pool ` +
        `generations: true, with which a changed one comes up beside the old one, or end them: --end-leases`,
      severity: "error" as const,
    })),
  );
}

/** Says in a preview, as a warning of each job, which leases its change would end. */
export async function withEndedLeases(
  preview: Preview,
  planned: readonly PlannedJob[],
  clients: PoolClients,
): Promise<Preview> {
  const words = new Map((await endedLeases(planned, clients)).map((found) => [found.path, inWords(found)]));
  return {
    ...preview,
    jobs: preview.jobs.map((plan) => {
      const warning = words.get(plan.path);
      return warning === undefined ? plan : { ...plan, warnings: [...plan.warnings, warning] };
    }),
  };
}

/** One sentence about what a change would end. */
export function inWords({ pool, leases, unknown }: EndedLeases): string {
  if (unknown !== undefined)
    return `the change ends its allocations; whether some of the pool ${pool} are leased is not known: ${unknown}`;
  const named = leases.slice(0, NAMED).map(({ slot, owner }) => `${slot} of ${shortened(owner)}`);
  const more = leases.length > NAMED ? ` and ${leases.length - NAMED} more` : "";
  const count = leases.length === 1 ? "1 lease" : `${leases.length} leases`;
  return `the change ends ${count} of the pool ${pool}: ${named.join(", ")}${more}`;
}

function endsAllocations({ change, groups }: PlannedJob["plan"]): boolean {
  return (
    change === "update" &&
    groups.some(({ replace, stop, migrate, canaries }) => replace + stop + migrate + canaries > 0)
  );
}

function shortened(owner: string): string {
  return owner.length > LONGEST_OWNER ? `${owner.slice(0, LONGEST_OWNER)}…` : owner;
}
