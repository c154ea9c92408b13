import pLimit from "p-limit";
import type { RecordedJob, StackRecord } from "../../stack-record";
import { AT_ONCE } from "../plan";
import type { RecordClients } from "../record";
import { isRegisteredFor } from "./evidence";
import { JobNames, knownBy, placeOf } from "./owners";

/** Whose jobs are that the records of several stacks name: of a stack that was renamed, say, or a job that moved to another stack. */
export interface SettledClaims {
  /** The stack that a job counts for; undefined where no more than one names it. */
  of(job: RecordedJob): StackRecord | undefined;
}

/** A stack that names a job. */
interface Claim {
  readonly record: StackRecord;
  readonly job: RecordedJob;
}

/** What the records of a cluster say whose its jobs are, where several say it of one job. */
export class Claims {
  constructor(
    private readonly records: readonly StackRecord[],
    private readonly clients: RecordClients,
  ) {}

  /**
   * Settles them. A job is the stack's for which the server says that it was registered. Where it says so of none, or does not say, it is that of the stack
   * whose program had it at its last deployment, then of one that did not stop it, then of the first. Never throws for what a server refuses.
   */
  async settled(): Promise<SettledClaims> {
    const names = await JobNames.at(this.clients.nomad, this.clients.signal);
    const claims = new Map<string, Claim[]>();
    for (const record of this.records)
      for (const job of knownBy(record).jobs) {
        const own = claims.get(names.of(job)) ?? [];
        if (!own.some((claim) => claim.record === record)) claims.set(names.of(job), [...own, { record, job }]);
      }
    const limit = pLimit(AT_ONCE);
    const several = [...claims].filter(([, all]) => all.length > 1);
    const owners = new Map(
      await Promise.all(several.map(([name, all]) => limit(async () => [name, await this.owner(all)] as const))),
    );
    return { of: (job) => owners.get(names.of(job)) };
  }

  private async owner(claims: readonly Claim[]): Promise<StackRecord | undefined> {
    const registered = await this.registered(claims);
    const ranked = [
      registered,
      claims.filter(({ record, job }) => record.jobs.includes(job)),
      claims.filter(({ job }) => job.stopped !== true),
      claims,
    ];
    return ranked.find((some) => some.length > 0)?.[0]?.record;
  }

  /** Those for which the server says that the job was registered. */
  private async registered(claims: readonly Claim[]): Promise<readonly Claim[]> {
    const { nomad, signal } = this.clients;
    const proven: Claim[] = [];
    try {
      for (const claim of claims) {
        signal?.throwIfAborted();
        const there = nomad.where(placeOf(claim.job));
        const held = await there.job(claim.job.id);
        if (held && (await isRegisteredFor(claim.record, held, there))) proven.push(claim);
      }
    } catch {
      signal?.throwIfAborted();
      // A server that does not answer, and a name that no request can have, say nothing: what the records say is left.
    }
    return proven;
  }
}
