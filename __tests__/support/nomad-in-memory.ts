import { randomUUID } from "node:crypto";
import type { AllocationStub, Evaluation, JobJson, NomadClient } from "../../lib/nomad";
import type { WarmPoolJob } from "../../lib/pools";

/**
 * As much of Nomad as a warm pool asks, in the memory of a test: one job whose allocations all run, and another in the place of each that is stopped. For
 * what a pool does in moments that a real cluster gives nobody the choice of; how Nomad itself behaves is tried on a real one.
 */
export class NomadInMemory {
  readonly allocations: AllocationStub[] = [];
  /** How often each was asked for. */
  readonly asked = { jobs: 0, evaluations: 0 };
  /** What is answered to a question for the evaluations of a job. */
  evaluations: () => Promise<readonly Evaluation[]> = () => Promise.resolve([]);
  /** What every question for the jobs waits for. */
  answering: Promise<void> = Promise.resolve();
  #index = 10;
  #watchers = new Set<() => void>();
  #job: JobJson | undefined;

  /** @param running how many of the job's containers run; the job may want more */
  constructor(job?: WarmPoolJob, running = job?.groups?.[0]?.count ?? 0) {
    if (job) this.#job = { ...job.toApi().Job, CreateIndex: 5, JobModifyIndex: 5 } as unknown as JobJson;
    for (let number = 0; number < running; number += 1) this.place(number);
  }

  get client(): NomadClient {
    const client = {
      jobs: async () => {
        this.asked.jobs += 1;
        await this.answering;
        return this.#job ? [this.#job] : [];
      },
      job: (id: string) => Promise.resolve(this.#job?.ID === id ? this.#job : undefined),
      register: (job: JobJson) => {
        this.#job = { ...job, CreateIndex: 5, JobModifyIndex: 5 } as JobJson;
        return Promise.resolve();
      },
      scale: () => Promise.resolve(undefined),
      leader: () => Promise.resolve("127.0.0.1:4647"),
      close: () => Promise.resolve(),
      evaluations: () => {
        this.asked.evaluations += 1;
        return this.evaluations();
      },
      allocation: (id: string) => Promise.resolve(this.allocations.find(({ ID }) => ID === id)),
      allocations: () => Promise.resolve([...this.allocations]),
      stopAllocation: (id: string) => {
        const [stopped] = this.allocations.splice(
          this.allocations.findIndex(({ ID }) => ID === id),
          1,
        );
        this.place(Number(/\[(\d+)\]/.exec(stopped?.Name ?? "")?.[1] ?? 0));
        return Promise.resolve();
      },
      watchAllocations: async (_job: string, { index, signal }: { index?: number; signal?: AbortSignal }) => {
        if (index === this.#index) await this.change(signal);
        return { value: [...this.allocations], index: this.#index };
      },
    };
    return client as unknown as NomadClient;
  }

  private place(number: number): void {
    this.#index += 1;
    this.allocations.push({
      ID: randomUUID(),
      EvalID: randomUUID(),
      Name: `${this.#job?.ID ?? ""}.warm[${number}]`,
      JobID: this.#job?.ID,
      DesiredStatus: "run",
      ClientStatus: "running",
      CreateTime: this.#index,
      TaskStates: { runtime: { State: "running" } },
    } as unknown as AllocationStub);
    for (const watcher of this.#watchers) watcher();
  }

  private change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#watchers.delete(done);
        resolve();
      };
      this.#watchers.add(done);
      signal?.addEventListener("abort", () => {
        this.#watchers.delete(done);
        reject(signal.reason as Error);
      });
    });
  }
}
