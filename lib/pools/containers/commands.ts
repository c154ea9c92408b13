import { ApiError, type NomadClient } from "../../nomad";
import type { ExecuteOptions, ExecutionResult, Executor, Place } from "../execution";
import { LeaseEndedError, type Lease, type LeaseBook, type LeaseEnd } from "../leases";
import { generationFrom } from "./generations";
import type { Container } from "./view";

/** What {@link Commands} work with. */
export interface CommandsParts {
  readonly nomad: NomadClient;
  readonly executor: Executor;
  readonly book: LeaseBook;
  readonly pool: string;
  /** A container that is there, as far as it is known. */
  readonly find: (id: string) => Container | undefined;
}

/** A line for the shell, or a program with its arguments. */
export type Command = string | readonly string[];

/** Commands in leased containers: each is checked against its lease before it runs, and ends with it. */
export class Commands {
  /** By the container's id. */
  readonly #running = new Map<string, Set<AbortController>>();

  constructor(private readonly parts: CommandsParts) {}

  /** Runs a command under a lease. @throws LeaseEndedError where the lease is over before or while it runs */
  async execute(lease: Lease, command: Command, options: ExecuteOptions): Promise<ExecutionResult> {
    const { book, executor } = this.parts;
    // From now on it ends with its lease, also while that is looked at.
    const ended = new AbortController();
    const running = this.#running.get(lease.slot) ?? new Set();
    this.#running.set(lease.slot, running.add(ended));
    const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
    try {
      await book.check(lease);
      ended.signal.throwIfAborted();
      const place = await this.placeOf(lease);
      ended.signal.throwIfAborted();
      const result = await executor.execute(place, command, { ...options, signal });
      if (ended.signal.aborted) throw ended.signal.reason as Error;
      return result;
    } catch (error) {
      if (ended.signal.aborted) throw ended.signal.reason as Error;
      // Nomad has no such running task: nothing was run, and nothing will be.
      if (error instanceof ApiError && error.status === 404) throw goneError(lease);
      throw error;
    } finally {
      running.delete(ended);
      if (running.size === 0) this.#running.delete(lease.slot);
    }
  }

  /** Ends the commands of a lease that is over. */
  end(lease: Lease, reason: LeaseEnd): void {
    const error = new LeaseEndedError(lease, reason, `the lease of ${lease.slot} ended under a command`);
    for (const running of this.#running.get(lease.slot) ?? []) running.abort(error);
  }

  /** Where the commands of a lease are run. @throws LeaseEndedError where its container is not there any more */
  async placeOf(lease: Lease): Promise<Place> {
    const { nomad, pool, find } = this.parts;
    const { slot } = lease;
    const known = find(slot);
    if (known) return { allocation: slot, task: known.task, isolation: known.isolation };
    const allocation = await nomad.allocation(slot);
    const job = allocation && (await nomad.job(allocation.JobID));
    const generation = generationFrom(job, pool);
    if (generation) return { allocation: slot, task: generation.task, isolation: generation.isolation };
    throw goneError(lease);
  }
}

/** A lease whose container has ended. */
export function goneError(lease: Lease): LeaseEndedError {
  return new LeaseEndedError(lease, "gone", `the container ${lease.slot} of ${lease.pool} is not there any more`);
}
