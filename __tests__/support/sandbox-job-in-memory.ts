import { ApiError, type AllocationStub, type JobJson, type NomadClient } from "../../lib/nomad";
import { Shrinking } from "../../lib/pools/slots/shrinking";
import { factsIn } from "../../lib/pools/slots/pool-job";
import { retire } from "../../lib/pools/slots/retirement";
import { slotKey } from "../../lib/pools/slots/slot-key";
import type { SimulatedManager } from "./simulated-pool";

/** An allocation of the job. */
interface Sandbox {
  readonly id: string;
  readonly number: number;
  status: "running" | "failed" | "complete";
  isWanted: boolean;
}

/** What is drawn, or said, of the job of a test. */
export interface SandboxJobShape {
  readonly sandboxes: number;
  readonly slots: number;
  /** The `min` of its `scaling` block. Default: 1. */
  readonly min?: number;
  /** Numbers of sandboxes that have never answered. Default: none. */
  readonly silent?: readonly number[];
}

const POOL = "hermes-sandbox";
const GROUP = "sandbox";

/**
 * The job of an old generation of a slot pool in the memory of a test, with as much of Nomad as taking it away asks: scaling by check-and-set, which stops
 * the highest numbers, and any at all while one has failed. For moments that a real cluster gives nobody the choice of.
 */
export class SandboxJobInMemory {
  readonly id = `${POOL}-0123abcd`;
  readonly sandboxes: Sandbox[];
  /** What was asked that changes something. */
  readonly changes: string[] = [];
  created = 5;
  #index = 7;
  #count: number;
  #min: number;
  #isStopped = false;
  isThere = true;
  /** Called before each change: somebody else may come first. */
  onChange: () => void = () => undefined;
  /** Told of each sandbox that is stopped. */
  onStop: (allocation: string) => void = () => undefined;

  constructor(private readonly shape: SandboxJobShape) {
    this.#count = shape.sandboxes;
    this.#min = shape.min ?? 1;
    this.sandboxes = Array.from({ length: shape.sandboxes }, (_, number) => ({
      ...{ id: `sandbox-${number}`, number, isWanted: true },
      status: "running" as const,
    }));
  }

  /** Every slot that could be leased, as the pool saw it while the job was the current one. */
  get slots(): readonly string[] {
    return this.sandboxes.flatMap(({ id }) => Array.from({ length: this.shape.slots }, (_, slot) => slotKey(id, slot)));
  }

  /** What the job says of its size: its count, and how many it wants at least. */
  get says(): { readonly count: number; readonly min: number } {
    return { count: this.#count, min: this.#min };
  }

  get running(): readonly number[] {
    return this.sandboxes.filter(({ status }) => status === "running").map(({ number }) => number);
  }

  /** Somebody else changes the job. */
  touch(): void {
    this.#index += 1;
  }

  /** One step of taking it away, by a manager. */
  async retire({ book, troubles }: SimulatedManager, { created = 5, isOld = true } = {}): Promise<void> {
    const nomad = this.client;
    const { slots, silent = [] } = this.shape;
    const sandboxes = {
      get: (id: string) => {
        const found = this.sandboxes.find((one) => one.id === id && one.status === "running");
        if (found === undefined) return undefined;
        const answers = !silent.includes(found.number);
        return { state: answers ? "ready" : "starting", slots: answers ? slots : 0, stopping: () => undefined };
      },
    };
    const { signal } = new AbortController();
    const shrinking = new Shrinking({
      ...{ nomad, job: this.id, group: GROUP, book, signal, slots: () => slots },
      sandboxes: sandboxes as never,
      onTrouble: (message) => troubles.push(message),
    });
    const facts = factsIn(this.json, GROUP);
    if (facts === undefined) throw new Error("the job has no group");
    const seen = { ...facts, created };
    await retire({ nomad, pool: POOL, group: GROUP, facts: seen, shrinking, isOld: () => isOld });
  }

  private get json(): JobJson {
    return {
      ...{ ID: this.id, Meta: { pool: POOL, slots: String(this.shape.slots) }, CreateIndex: this.created },
      ...{ JobModifyIndex: this.#index, Stop: this.#isStopped },
      TaskGroups: [{ Name: GROUP, Count: this.#count, Scaling: { Min: this.#min, Max: 10 } }],
    };
  }

  private get client(): NomadClient {
    const done = { EvalID: "evaluation", JobModifyIndex: 0, Warnings: "" };
    const conflict = () => new ApiError("Nomad", "PUT", "/v1/jobs", 500, "Enforcing job modify index 7: job exists");
    const client = {
      job: () => Promise.resolve(this.isThere ? this.json : undefined),
      allocations: () => Promise.resolve(this.sandboxes.map((one) => this.stub(one))),
      evaluation: () => Promise.resolve({ Status: "complete" }),
      scale: (_id: string, _group: string, count: number, { index }: { readonly index?: number }) => {
        this.onChange();
        if (index !== this.#index) return Promise.resolve(undefined);
        if (count < this.#min) return Promise.reject(new Error("group count was less than scaling policy minimum"));
        this.changes.push(`scale to ${count}`);
        this.resize(count);
        return Promise.resolve(done);
      },
      register: (job: JobJson, index?: number) => {
        this.onChange();
        if (index !== this.#index) return Promise.reject(conflict());
        const [group] = job.TaskGroups as readonly {
          readonly Count: number;
          readonly Scaling: { readonly Min: number };
        }[];
        this.#min = group?.Scaling.Min ?? 0;
        this.#isStopped = job.Stop === true;
        this.changes.push(this.#isStopped ? "stop" : `register with ${group?.Count}`);
        this.resize(this.#isStopped ? 0 : (group?.Count ?? 0));
        // A job that is stopped keeps the count that it says.
        this.#count = group?.Count ?? 0;
        return Promise.resolve(done);
      },
      deregister: (_id: string, { purge }: { readonly purge: boolean }) => {
        this.changes.push(purge ? "purge" : "stop");
        this.#isStopped = true;
        this.resize(0);
        this.isThere = !purge && this.isThere;
        return Promise.resolve({ EvalID: "evaluation" });
      },
    };
    return client as unknown as NomadClient;
  }

  private resize(count: number): void {
    this.#index += 1;
    this.#count = count;
    const wanted = this.sandboxes.filter(({ isWanted }) => isWanted).sort((a, b) => b.number - a.number);
    // While one has failed any may go: the worst for whoever relies on its number.
    if (wanted.some(({ status }) => status === "failed")) wanted.reverse();
    for (const one of wanted.slice(0, Math.max(0, wanted.length - count))) {
      one.isWanted = false;
      one.status = "complete";
      this.onStop(one.id);
    }
  }

  private stub({ id, number, status, isWanted }: Sandbox): AllocationStub {
    return {
      ...{ ID: id, Name: `${this.id}.sandbox[${number}]`, JobID: this.id, TaskGroup: GROUP, ClientStatus: status },
      DesiredStatus: isWanted ? "run" : "stop",
    } as unknown as AllocationStub;
  }
}
