import {
  allocation,
  allocationCheck,
  allocationStub,
  list,
  mapOf,
  restarted,
  serviceRegistration,
  stopped,
  type Allocation,
  type AllocationCheck,
  type AllocationStub,
  type ServiceRegistration,
} from "../answers";
import { VariableRequests } from "./variables";
import { apiPath } from "../api-path";
import { openExec, type ExecOptions, type ExecSession } from "../exec-session";
import type { BlockingOptions } from "../http";
import { framesOf, type LogFrame } from "../log-frames";

/** Between two questions about allocations that change all the time, in milliseconds. */
const LEAST = 50;

/** Allocations at a moment of the server's own clock. */
export interface DatedAllocations {
  readonly allocations: readonly AllocationStub[];
  /** In milliseconds since 1970, cut to whole seconds; undefined where the server does not say it. */
  readonly answered: number | undefined;
}

/** An answer with allocations, which are none where there is no such thing. */
export function dated(answer: {
  readonly value: readonly AllocationStub[] | undefined;
  readonly answered: number | undefined;
}): DatedAllocations {
  return { allocations: answer.value ?? [], answered: answer.answered };
}

/** Allocations: what they do, their output, and commands in their tasks. */
export abstract class AllocationRequests extends VariableRequests {
  /** Allocations of a job. */
  async allocations(id: string): Promise<readonly AllocationStub[]> {
    return (await this.datedAllocations(id)).allocations;
  }

  /** Allocations of a job, with when that was by the server's own clock: in milliseconds since 1970, undefined where it does not say it. */
  async datedAllocations(id: string): Promise<DatedAllocations> {
    return dated(await this.http.findDated(apiPath`/v1/job/${id}/allocations`, list(allocationStub)));
  }

  /**
   * Allocations of a job, once something about one of them is newer than an index; none where there is no such job.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs#blocking-queries
   */
  async watchAllocations(
    id: string,
    options: BlockingOptions,
  ): Promise<{ readonly value: readonly AllocationStub[]; readonly index: number }> {
    return this.http.watch(apiPath`/v1/job/${id}/allocations`, list(allocationStub), { least: LEAST, ...options });
  }

  /** Every allocation of the namespace. */
  async allAllocations(): Promise<readonly AllocationStub[]> {
    return this.http.get(apiPath`/v1/allocations`, list(allocationStub), { query: { task_states: true } });
  }

  /** An allocation with its ports, or undefined. */
  async allocation(id: string): Promise<Allocation | undefined> {
    return this.http.find(apiPath`/v1/allocation/${id}`, allocation);
  }

  /** Instances of one of Nomad's own services. */
  async serviceRegistrations(service: string): Promise<readonly ServiceRegistration[]> {
    return (await this.http.find(apiPath`/v1/service/${service}`, list(serviceRegistration))) ?? [];
  }

  /** Checks of Nomad's own services of an allocation, by their ids. */
  async allocationChecks(id: string): Promise<Readonly<Record<string, AllocationCheck>>> {
    return this.http.get(apiPath`/v1/client/allocation/${id}/checks`, mapOf(allocationCheck));
  }

  /**
   * Stops an allocation; the scheduler starts another in its place.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/allocations#stop-allocation
   */
  async stopAllocation(id: string): Promise<void> {
    await this.http.put(apiPath`/v1/allocation/${id}/stop`, stopped);
  }

  /**
   * Restarts every task of an allocation where it is, those among them that have ended.
   *
   * @see https://developer.hashicorp.com/nomad/api-docs/client#restart-allocation
   */
  async restartAllocation(id: string): Promise<void> {
    await this.http.put(apiPath`/v1/client/allocation/${id}/restart`, restarted, { body: { AllTasks: true } });
  }

  /** The output of a task, as it comes; it ends by itself unless it is followed. */
  logs(
    allocation: string,
    task: string,
    options: {
      readonly stream: "stdout" | "stderr";
      readonly follow?: boolean;
      /** Bytes from its beginning that are left out. Default: 0. */
      readonly offset?: number;
      /** Only so many bytes before its end. Default: all. */
      readonly lastBytes?: number;
      readonly signal?: AbortSignal;
    },
  ): AsyncGenerator<Uint8Array> {
    const position =
      options.lastBytes === undefined
        ? { origin: "start", offset: options.offset ?? 0 }
        : { origin: "end", offset: options.lastBytes };
    return this.http.stream(apiPath`/v1/client/fs/logs/${allocation}`, {
      query: { task, type: options.stream, plain: true, follow: options.follow ?? false, ...position },
      signal: options.signal,
      // A task that is followed may write nothing for hours, and the server says nothing meanwhile.
      ...(options.follow ? { silence: 0 } : {}),
    });
  }

  /**
   * The output of a task in frames, which say where it lies; where it is followed, one without anything comes each second, so that a connection that is dead
   * is known by its silence.
   *
   * @param options.lastBytes so many bytes before the end it begins with
   * @throws ApiError with 404 where the task has not started, or its files are gone
   */
  logFrames(
    allocation: string,
    task: string,
    options: {
      readonly stream: "stdout" | "stderr";
      readonly follow: boolean;
      readonly lastBytes: number;
      readonly signal?: AbortSignal;
    },
  ): AsyncGenerator<LogFrame> {
    const { stream, follow, lastBytes: offset, signal } = options;
    const path = apiPath`/v1/client/fs/logs/${allocation}`;
    const query = { task, type: stream, plain: false, follow, origin: "end", offset };
    return framesOf(this.http.stream(path, { query, signal }), this.http.source("GET", path));
  }

  /**
   * Runs a command in a task of a running allocation, beside the task's own. Nomad writes the command with its arguments into its log, so
   * nothing secret belongs there. At most 40 sessions of a client are open at once, see {@link Connection.execs}; more wait for their turn.
   *
   * Closing the session ends no process.
   *
   * @param command a program and its arguments
   * @returns as soon as the connection stands; whether the command could be started is told by its exit code
   * @throws ApiError where the server refuses, UserError where the token may not (it needs alloc-exec), NoAnswerError where nobody answers
   * @see https://developer.hashicorp.com/nomad/api-docs/allocations#exec-allocation
   */
  async exec(
    allocation: string,
    task: string,
    command: readonly string[],
    options: ExecOptions = {},
  ): Promise<ExecSession> {
    return openExec(this.http, { allocation, task, command }, options);
  }
}
