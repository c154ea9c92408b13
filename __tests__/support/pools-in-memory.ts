import { randomUUID } from "node:crypto";
import { LeaseEndedError, PoolBusyError, type ExecuteOptions, type ExecutionResult } from "../../lib/pools";
import type {
  ContainerClaim,
  ColdRun,
  Dependency,
  ContainerLease,
  PoolFigures,
  PoolKind,
  Pools,
} from "../../lib/service";
import { WENT_WELL } from "./executor";

/** What a command of a test does. */
export type Command = (options: ExecuteOptions, line: string) => Promise<Partial<ExecutionResult>>;

const ENDED: ExecutionResult = { ...WENT_WELL, isolation: "container" };

/**
 * Pools in the memory of a test, for what the service does with answers of theirs: the pools themselves are tried on a real cluster. Two services
 * that are given one of these share it, as they share a store.
 */
export class PoolsInMemory implements Pools {
  readonly names = ["warm-pool-openai", "warm-pool-google"];
  /** Pools that are not served. */
  readonly others = new Map<string, PoolKind>();
  readonly leases = new Map<string, ContainerLease>();
  readonly generations = new Map<string, number>();
  readonly ran: { readonly line: string; readonly options: ExecuteOptions }[] = [];
  readonly cold: ColdRun[] = [];
  readonly renewed: string[] = [];
  free: string[] = [randomUUID(), randomUUID()];
  /** How often a container was asked for. */
  claims = 0;
  drained = false;
  /** Whether what is known of them is of now. */
  upToDate = true;
  /** The size that somebody gave it. */
  size: number | undefined;
  closed = false;
  trouble: string | undefined;
  /** What every claim waits for once it has its container. */
  claiming: Promise<void> = Promise.resolve();
  /** What every command does. */
  command: Command = (_options, line) => Promise.resolve({ stdout: `${line}\n` });

  kindOf(pool: string): Promise<PoolKind | undefined> {
    return Promise.resolve(this.others.get(pool));
  }

  poolOf(provider: string): string | undefined {
    return this.names.find((name) => name === `warm-pool-${provider}`);
  }

  async claim(pool: string, { owner, standing: ttl = 2000 }: ContainerClaim): Promise<ContainerLease> {
    this.claims += 1;
    const slot = this.drained ? undefined : this.free.shift();
    if (slot === undefined) throw new PoolBusyError(pool, 1500, "no container is free");
    const generation = (this.generations.get(slot) ?? 0) + 1;
    this.generations.set(slot, generation);
    const claimed: ContainerLease = {
      lease: { pool, slot, owner, generation, ttl, claim: "claim" },
      isolation: "container",
    };
    this.leases.set(slot, claimed);
    await this.claiming;
    return claimed;
  }

  find(container: string): Promise<ContainerLease | undefined> {
    return Promise.resolve(this.leases.get(container));
  }

  renew({ slot }: ContainerLease["lease"]): Promise<void> {
    this.renewed.push(slot);
    return Promise.resolve();
  }

  async execute({ lease, isolation }: ContainerLease, line: string, options: ExecuteOptions): Promise<ExecutionResult> {
    if (this.leases.get(lease.slot)?.lease.generation !== lease.generation)
      throw new LeaseEndedError(lease, "stale", "the generation is over");
    this.ran.push({ line, options });
    return { ...ENDED, ...(isolation && { isolation }), ...(await this.command(options, line)) };
  }

  release({ slot }: ContainerLease["lease"]): Promise<void> {
    if (this.leases.delete(slot)) this.free.push(slot);
    return Promise.resolve();
  }

  list(): Promise<readonly ContainerLease[]> {
    return Promise.resolve([...this.leases.values()]);
  }

  stats(): Promise<readonly PoolFigures[]> {
    const leased = this.leases.size;
    return Promise.resolve([
      {
        pool: "warm-pool-openai",
        free: this.free.length,
        leased,
        coming: 0,
        target: 2,
        queue: 0,
        draining: this.drained,
        upToDate: this.upToDate,
      },
    ]);
  }

  drain(): Promise<number> {
    this.drained = true;
    return Promise.resolve(this.leases.size);
  }

  fill(): Promise<void> {
    this.drained = false;
    return Promise.resolve();
  }

  resize(_pool: string, containers: number): Promise<void> {
    this.size = containers;
    return Promise.resolve();
  }

  recycle(): Promise<number> {
    this.free = this.free.map(() => randomUUID());
    return Promise.resolve(this.free.length);
  }

  async runOnce(run: ColdRun): Promise<ExecutionResult & { readonly job: string }> {
    this.cold.push(run);
    return { ...ENDED, job: "runtime-openai-1", ...(await this.command(run, run.command)) };
  }

  dependencies(): Promise<readonly Dependency[]> {
    return Promise.resolve([{ name: "Nomad", trouble: this.trouble }]);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
