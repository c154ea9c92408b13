import { ApiError, type AllocationStub, type JobJson, type NomadClient } from "../../lib/nomad";
import type { Clock, Executor, Place } from "../../lib/pools";
import { waitFor, type Link } from "./link";
import { CLIENT, EXEC, NODE_SILENT, NOMAD, STARTED, STOPPED, WIPED } from "./measured";
import { Processors } from "./processors";
import type { Random } from "./random";

/** A machine that runs containers. */
interface Node {
  readonly id: number;
  readonly processors: Processors;
  /** What stands on it. */
  readonly allocations: Set<string>;
  /** It has lost its power. */
  isLost: boolean;
}

interface Allocation {
  stub: AllocationStub;
  readonly job: PoolJob;
  readonly node: Node;
  readonly number: number;
}

/** The job of a pool. */
interface PoolJob {
  json: JobJson;
  count: number;
  index: number;
  readonly allocations: Map<string, Allocation>;
  readonly watchers: Set<() => void>;
}

/** What a {@link ModelledNomad} is made of. */
export interface ModelledNomadOptions {
  readonly clock: Clock;
  readonly processors: Processors;
  readonly random: Random;
  readonly nodes: number;
  /** Containers that fit on one. */
  readonly perNode: number;
  /** Processors of each; else all share those of the servers, as on one machine. Default: 4 */
  readonly nodeProcessors?: number | "shared";
  /** What runs its tasks: with `raw_exec` nothing keeps them apart, and each is emptied before it is stopped. Default: docker */
  readonly driver?: "docker" | "raw_exec";
}

const TASK = "runtime";
/** What a job's id has after the pool's name. */
const MARK = "-00000000";

/**
 * As much of Nomad as warm pools ask for: a job for each pool, allocations that take their time to start and to end, nodes that are lost and noticed late,
 * scaling, blocking queries; and commands in allocations.
 */
export class ModelledNomad {
  /** What was asked of it. */
  readonly asked = { requests: 0, placed: 0, executions: 0 };
  slowness = 1;
  readonly #nodes: readonly Node[];
  readonly #jobs = new Map<string, PoolJob>();
  readonly #allocations = new Map<string, Allocation>();
  #index = 10;

  constructor(private readonly options: ModelledNomadOptions) {
    const { clock, processors, nodeProcessors = 4 } = options;
    this.#nodes = Array.from({ length: options.nodes }, (_, id) => ({
      id,
      processors: nodeProcessors === "shared" ? processors : new Processors(clock, nodeProcessors),
      allocations: new Set<string>(),
      isLost: false,
    }));
  }

  /** Registers a pool's job, all of whose containers run already. */
  hold(pool: string, count: number): void {
    const ID = `${pool}${MARK}`;
    const TaskGroups = [
      { Name: "warm", Count: count, Tasks: [{ Name: TASK, Driver: this.options.driver ?? "docker", Config: {} }] },
    ];
    const json: JobJson = {
      ID,
      Type: "service",
      Meta: { pool, shared_without_isolation: "true" },
      TaskGroups,
      CreateIndex: 5,
      JobModifyIndex: 5,
    };
    const job: PoolJob = { json, count, index: 10, allocations: new Map(), watchers: new Set() };
    this.#jobs.set(pool, job);
    for (let number = 0; number < count; number += 1) this.place(job, number, true);
  }

  /** What one process has of it. */
  client(link: Link): NomadClient {
    const ask = <T>(work: number, serve: () => T | Promise<T>, signal?: AbortSignal, after: number = CLIENT.answer) =>
      link.ask<T>(
        { before: CLIENT.ask, after: () => after },
        async () => {
          this.asked.requests += 1;
          await this.options.processors.work(work * this.slowness);
          return serve();
        },
        signal,
      );
    const byId = (id: string) => this.#jobs.get(id.slice(0, -MARK.length));
    const client = {
      jobs: (pool: string) => ask(NOMAD.read, () => [this.#jobs.get(pool)?.json].filter((job) => job !== undefined)),
      job: (id: string) => ask(NOMAD.read, () => byId(id)?.json),
      register: () => Promise.reject(new Error("the jobs are there")),
      evaluations: () => ask(NOMAD.read, () => []),
      allocation: (id: string) => ask(NOMAD.read, () => this.#allocations.get(id)?.stub),
      allocations: (id: string) => ask(NOMAD.list, () => this.stubsOf(byId(id))),
      stopAllocation: (id: string) => ask(NOMAD.write, () => this.stop(id)),
      scale: (id: string, _group: string, count: number, { index }: { readonly index?: number } = {}) =>
        ask(NOMAD.write, () => this.scale(byId(id), count, index)),
      watchAllocations: (
        id: string,
        { index, seconds = 60, signal }: { readonly index?: number; readonly seconds?: number; signal?: AbortSignal },
      ) =>
        ask(
          0,
          async () => {
            const job = byId(id);
            if (!job) return { value: [], index: 1 };
            if (index !== undefined && job.index <= index)
              await waitFor(this.options.clock, seconds * 1000, signal, (done) => {
                job.watchers.add(done);
                return () => job.watchers.delete(done);
              });
            await this.options.processors.work(NOMAD.list + job.allocations.size * NOMAD.listed);
            return { value: this.stubsOf(job), index: job.index };
          },
          signal,
          CLIENT.answer + (byId(id)?.count ?? 0) * CLIENT.listed,
        ),
    };
    return client as unknown as NomadClient;
  }

  /** Commands in allocations. One on a node that is lost answers nothing. */
  executor(link: Link): Executor {
    const { random, clock } = this.options;
    const run = (place: Place, lasts: number, signal?: AbortSignal) =>
      link.ask(
        { before: CLIENT.ask, after: () => CLIENT.answer },
        async () => {
          this.asked.executions += 1;
          await waitFor(clock, this.answers(place.allocation) ? lasts : 3_600_000, signal);
        },
        signal,
      );
    return {
      execute: async (place, _command, { timeout = 300_000, signal } = {}) => {
        const until = new AbortController();
        const forget = clock.after(timeout, () => until.abort());
        const asked = run(
          place,
          random.logNormal(EXEC),
          signal ? AbortSignal.any([signal, until.signal]) : until.signal,
        );
        await asked.catch((error: unknown) => {
          if (!until.signal.aborted) throw error;
        });
        forget();
        const exited = { exitCode: 0, ended: "exited" } as const;
        const how = until.signal.aborted ? ({ exitCode: 124, ended: "timeout" } as const) : exited;
        return { ...how, stdout: "", stderr: "", truncated: false, duration: 0, isolation: place.isolation };
      },
      wipe: async (place, { signal } = {}) => {
        await run(place, random.logNormal(WIPED), signal);
        await this.#allocations.get(place.allocation)?.node.processors.work(WIPED.work);
      },
    };
  }

  /** Whether a container is there and could run a command. */
  answers(id: string): boolean {
    const allocation = this.#allocations.get(id);
    return allocation !== undefined && !allocation.node.isLost && allocation.stub.ClientStatus === "running";
  }

  /** How many containers run on nodes that are there. */
  get running(): number {
    let count = 0;
    for (const id of this.#allocations.keys()) if (this.answers(id)) count += 1;
    return count;
  }

  /** Nodes without power: Nomad notices a while later, and places what was on them elsewhere. */
  lose(count: number): void {
    const { clock, random } = this.options;
    const there = this.#nodes.filter(({ isLost }) => !isLost);
    for (let lost = 0; lost < count && there.length > 0; lost += 1) {
      const [node] = there.splice(random.below(there.length), 1);
      if (!node) return;
      node.isLost = true;
      clock.after(NODE_SILENT * (0.7 + 0.6 * random.next()), () => {
        for (const id of [...node.allocations]) {
          const allocation = this.#allocations.get(id);
          if (!allocation) continue;
          const wasWanted = allocation.stub.DesiredStatus === "run";
          this.change(allocation, { ClientStatus: "lost", DesiredStatus: "stop" });
          this.forget(allocation);
          if (wasWanted) this.place(allocation.job, allocation.number);
        }
      });
    }
  }

  private stubsOf(job: PoolJob | undefined): readonly AllocationStub[] {
    return [...(job?.allocations.values() ?? [])].map(({ stub }) => stub);
  }

  private async stop(id: string): Promise<void> {
    const allocation = this.#allocations.get(id);
    if (!allocation) throw new ApiError("Nomad", "PUT", `/v1/allocation/${id}/stop`, 404, "alloc not found");
    await this.end(allocation, true);
  }

  private async scale(job: PoolJob | undefined, count: number, index: number | undefined) {
    if (!job || (index !== undefined && job.json.JobModifyIndex !== index)) return undefined;
    const numbers = new Set(
      [...job.allocations.values()].flatMap(({ stub, number }) => (stub.DesiredStatus === "run" ? [number] : [])),
    );
    const before = job.count;
    job.count = count;
    const [group] = job.json.TaskGroups as readonly { readonly Count: number }[];
    this.#index += 1;
    job.json = { ...job.json, JobModifyIndex: this.#index, TaskGroups: [{ ...group, Count: count }] };
    for (const allocation of [...job.allocations.values()])
      if (allocation.number >= count && allocation.stub.DesiredStatus === "run") await this.end(allocation, false);
    for (let number = 0; number < count && before < count; number += 1)
      if (!numbers.has(number)) {
        await this.options.processors.work(NOMAD.placed);
        this.place(job, number);
      }
    return { EvalID: "" };
  }

  private async end(allocation: Allocation, isReplaced: boolean): Promise<void> {
    const { clock, random, processors } = this.options;
    if (allocation.stub.DesiredStatus !== "run") return;
    this.change(allocation, { DesiredStatus: "stop" });
    clock.after(random.logNormal(STOPPED), () => {
      if (allocation.node.isLost) return;
      this.change(allocation, { ClientStatus: "complete" });
      this.forget(allocation);
    });
    if (!isReplaced || allocation.number >= allocation.job.count) return;
    await processors.work(NOMAD.placed * this.slowness);
    this.place(allocation.job, allocation.number);
  }

  /** Nomad knows of what has ended for some time, and nobody asks. */
  private forget({ stub, node, job }: Allocation): void {
    node.allocations.delete(stub.ID);
    job.allocations.delete(stub.ID);
    this.#allocations.delete(stub.ID);
  }

  private place(job: PoolJob, number: number, isRunning = false): void {
    const { random, perNode, clock } = this.options;
    const node = this.roomiest(perNode);
    // It is placed once there is room.
    if (!node) {
      clock.after(1000, () => number < job.count && this.place(job, number));
      return;
    }
    this.asked.placed += 1;
    const ID = random.id();
    const stub = {
      ...{ ID, EvalID: ID, Name: `${job.json.ID}.warm[${number}]`, JobID: job.json.ID, TaskGroup: "warm" },
      ...{ DesiredStatus: "run", ClientStatus: isRunning ? "running" : "pending", CreateTime: (this.#index += 1) },
      TaskStates: { [TASK]: { State: isRunning ? "running" : "pending" } },
    } as unknown as AllocationStub;
    const allocation: Allocation = { stub, job, node, number };
    node.allocations.add(ID);
    job.allocations.set(ID, allocation);
    this.#allocations.set(ID, allocation);
    this.changed(job);
    if (isRunning) return;
    clock.after(random.logNormal(STARTED), () => {
      void node.processors.work(STARTED.work).then(() => {
        if (node.isLost || !this.#allocations.has(ID) || allocation.stub.DesiredStatus !== "run") return;
        const running = { State: "running" } as AllocationStub["TaskStates"][string];
        this.change(allocation, { ClientStatus: "running", TaskStates: { [TASK]: running } });
      });
    });
  }

  private roomiest(perNode: number): Node | undefined {
    const { random } = this.options;
    const fits = (node: Node) => !node.isLost && node.allocations.size < perNode;
    // The power of two choices: nearly as even as looking at all of them.
    const [one, other] = [random.of(this.#nodes), random.of(this.#nodes)];
    const drawn = one.allocations.size <= other.allocations.size ? one : other;
    return fits(drawn) ? drawn : this.#nodes.find(fits);
  }

  private change(allocation: Allocation, change: Partial<AllocationStub>): void {
    allocation.stub = { ...allocation.stub, ...change };
    this.changed(allocation.job);
  }

  private changed(job: PoolJob): void {
    this.#index += 1;
    job.index = this.#index;
    for (const wake of [...job.watchers]) wake();
  }
}
