import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, numberInName, type Allocation, type AllocationStub, type NomadClient } from "../../nomad";
import type { Place } from "../execution";
import type { Clock } from "../leases";
import { PooledSandbox, type SandboxEnd } from "./pooled-sandbox";

/** What {@link Sandboxes} are made of. */
export interface SandboxesProps {
  readonly nomad: NomadClient;
  readonly job: string;
  readonly group: string;
  readonly task: string;
  /** The label of the port that the servers listen on. */
  readonly port: string;
  readonly token: (place: Place) => Promise<string | undefined>;
  readonly checkInterval: number;
  readonly silence: number;
  readonly clock: Clock;
  /** Called when there is another sandbox to lease slots of, or one fewer. */
  readonly onChange: () => void;
  /** Called when one is over. */
  readonly onLost: (sandbox: PooledSandbox, end: SandboxEnd) => void;
  readonly onTrouble: (message: string) => void;
}

/** Seconds that a blocking query waits. */
const WAIT = 30;
/** Milliseconds before Nomad is asked again where it did not answer. */
const PAUSE = 500;
const ENDED = new Set(["complete", "failed", "lost"]);

/**
 * The sandboxes of a job: what Nomad says of its allocations, kept up by one blocking query, and what each server itself answers. Nothing is
 * taken from anybody's memory, so every manager of a pool sees the same.
 */
export class Sandboxes {
  readonly #known = new Map<string, PooledSandbox>();
  /** The starts of those that were silent, by their allocations. */
  readonly #silent = new Map<string, string>();
  readonly #stop = new AbortController();
  #stubs: readonly AllocationStub[] = [];
  readonly #answers = new EventEmitter().setMaxListeners(0);

  constructor(private readonly props: SandboxesProps) {}

  /** Follows the job. @returns once its allocations were read the first time */
  async start(): Promise<void> {
    const first = await this.props.nomad.watchAllocations(this.props.job, { seconds: WAIT, signal: this.#stop.signal });
    await this.apply(first.value);
    void this.follow(first.index);
  }

  /** Lets go of every connection; the sandboxes go on. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#known.values()].map((sandbox) => sandbox.close()));
    this.#known.clear();
  }

  /** Every sandbox that runs. */
  get all(): readonly PooledSandbox[] {
    return [...this.#known.values()];
  }

  /** One of them. */
  get(allocation: string): PooledSandbox | undefined {
    return this.#known.get(allocation);
  }

  /** Whether an allocation is one of the job's. */
  has(allocation: string): boolean {
    return this.#stubs.some(({ ID }) => ID === allocation);
  }

  /** Whether Nomad stops one of the job's allocations. */
  isStopping(allocation: string): boolean {
    return this.#stubs.some(({ ID, DesiredStatus }) => ID === allocation && DesiredStatus !== "run");
  }

  /** The job's allocations that have not ended, and that Nomad does not stop. */
  get wanted(): readonly AllocationStub[] {
    return this.#stubs.filter((stub) => stub.DesiredStatus === "run" && !ENDED.has(stub.ClientStatus));
  }

  /** How many of the job's allocations have failed, and have no other in their place yet. */
  get failing(): number {
    return this.#stubs.filter(
      (stub) => stub.DesiredStatus === "run" && stub.ClientStatus === "failed" && stub.NextAllocation === "",
    ).length;
  }

  /**
   * Whether an allocation has ended, asked of Nomad where it is none of those that are followed, such as one of an earlier generation of
   * the job.
   */
  async hasEnded(allocation: string): Promise<boolean> {
    const stub = this.#stubs.find(({ ID }) => ID === allocation);
    if (stub !== undefined) return ENDED.has(stub.ClientStatus);
    const found = await this.props.nomad.allocation(allocation);
    return found === undefined || ENDED.has(found.ClientStatus);
  }

  /** Waits for the next thing that Nomad says about the allocations. */
  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#answers, "read", { signal });
  }

  private async follow(from: number): Promise<void> {
    const { nomad, job, onTrouble } = this.props;
    const { signal } = this.#stop;
    let isTold = false;
    for (let index: number | undefined = from; !signal.aborted;) {
      try {
        const { value, index: next } = await nomad.watchAllocations(job, { index, seconds: WAIT, signal });
        // After a restart without its data a server's indexes begin anew.
        index = next < (index ?? 0) ? undefined : Math.max(1, next);
        isTold = false;
        await this.apply(value);
      } catch (error) {
        if (signal.aborted) return;
        index = undefined;
        // What is known stays as it is: the sandboxes answer by themselves.
        if (!isTold) onTrouble(`the sandboxes of ${job} cannot be followed: ${messageOf(error)}`);
        isTold = true;
        await sleep(PAUSE * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async apply(stubs: readonly AllocationStub[]): Promise<void> {
    this.#stubs = stubs.filter(({ TaskGroup }) => TaskGroup === this.props.group);
    const seen = new Set<string>();
    const added: Promise<void>[] = [];
    for (const stub of this.#stubs) {
      seen.add(stub.ID);
      const { State, StartedAt } = stub.TaskStates[this.props.task] ?? { State: "pending", StartedAt: null };
      const known = this.#known.get(stub.ID);
      const started = stub.ClientStatus === "running" && State === "running" ? (StartedAt ?? "") : undefined;
      if (known !== undefined) {
        if (ENDED.has(stub.ClientStatus)) this.lose(known, "ended");
        // A node that is cut off says nothing: its sandboxes may go on all the same.
        else if (stub.ClientStatus === "unknown") known.doubt();
        else if (started !== known.started) this.lose(known, "restarted");
        else if (stub.DesiredStatus !== "run") known.stopping();
      }
      if (started !== undefined && stub.DesiredStatus === "run" && !this.#known.has(stub.ID))
        added.push(this.add(stub, started));
    }
    for (const sandbox of this.all) if (!seen.has(sandbox.allocation)) this.lose(sandbox, "ended");
    await Promise.all(added);
    this.#answers.emit("read");
  }

  private async add(stub: AllocationStub, started: string): Promise<void> {
    const { nomad, task, port, token, checkInterval, silence, clock, onChange, onTrouble } = this.props;
    const address = addressOf(await nomad.allocation(stub.ID), port);
    if (address === undefined) {
      onTrouble(`allocation ${stub.ID} of ${stub.JobID} has no port "${port}": no slot of it can be leased`);
      return;
    }
    // Meanwhile it may have ended, or have been added by whoever asked at the same time.
    if (this.#stop.signal.aborted || this.#known.has(stub.ID) || !this.wanted.some(({ ID }) => ID === stub.ID)) return;
    const sandbox: PooledSandbox = new PooledSandbox({
      place: { allocation: stub.ID, task, isolation: "none" },
      number: numberInName(stub.Name) ?? -1,
      started,
      address,
      token,
      checkInterval,
      silence,
      wasSilent: this.#silent.get(stub.ID) === started,
      clock,
      onTrouble,
      onChange,
      onSilent: () => {
        this.lose(sandbox, "silent");
        // Should it answer again, its slots are emptied, and leased to others; should it not, it is lost once more.
        if (this.wanted.some(({ ID }) => ID === stub.ID)) void this.addAgain(stub, started);
      },
    });
    this.#known.set(stub.ID, sandbox);
    onChange();
  }

  /** Follows a sandbox that was silent anew, as long as Nomad wants it: it is neither forgotten nor taken for a good one. */
  private async addAgain(stub: AllocationStub, started: string): Promise<void> {
    const { signal } = this.#stop;
    const isMissing = () => !this.#known.has(stub.ID) && this.wanted.some(({ ID }) => ID === stub.ID);
    for (let isTold = false; !signal.aborted && isMissing();)
      try {
        return await this.add(stub, started);
      } catch (error) {
        if (signal.aborted) return;
        if (!isTold) this.props.onTrouble(`allocation ${stub.ID} is not followed: ${messageOf(error)}`);
        isTold = true;
        await sleep(PAUSE, undefined, { signal, ref: false }).catch(() => undefined);
      }
  }

  private lose(sandbox: PooledSandbox, end: SandboxEnd): void {
    if (this.#known.get(sandbox.allocation) === sandbox) this.#known.delete(sandbox.allocation);
    if (end === "silent") this.#silent.set(sandbox.allocation, sandbox.started);
    else this.#silent.delete(sandbox.allocation);
    void sandbox.lose(end);
    this.props.onLost(sandbox, end);
    this.props.onChange();
  }
}

/** Where an allocation's server listens. */
function addressOf(allocation: Allocation | undefined, label: string): string | undefined {
  const port = allocation?.AllocatedResources?.Shared.Ports.find(({ Label }) => Label === label);
  if (port === undefined || port.HostIP === "") return undefined;
  const host = port.HostIP.includes(":") ? `[${port.HostIP}]` : port.HostIP;
  return `http://${host}:${port.Value}`;
}
