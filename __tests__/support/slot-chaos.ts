import { setTimeout as sleep } from "node:timers/promises";
import { consulConnection, nomadConnection, type NomadClient } from "../../lib/nomad";
import { ConsulStore, NomadStore, type Store } from "../../lib/pools";
import { doublesIn, type Double } from "../../lib/pools/testing";
import type { ClusterEnvironment } from "./cluster";
import { parentOf, processesNaming } from "./processes";
import { Bundles, RealSandboxes } from "./sandboxes";
import { SlotWorkers } from "./slot-workers";
import type { SlotWorkerLine } from "./slot-worker";
import { until } from "./until";

/** The cluster that it is done on. */
export interface ChaosCluster {
  readonly nomad: NomadClient;
  readonly environment: ClusterEnvironment;
  /** What stands in the command lines of its own sandboxes, and in no others. */
  readonly folder: string;
  /** Kills the agent as kill -9 does, and starts it again with the data that it had. Default: it is not killed */
  readonly restartAgent?: () => Promise<void>;
}

/** How much is done, and how much of it is killed. */
export interface ChaosOptions {
  /** Where the leases are. Default: Consul */
  readonly store?: "consul" | "nomad";
  readonly claims: number;
  readonly managers: number;
  readonly callers: number;
  readonly sandboxes: number;
  readonly slots: number;
  /** Milliseconds between two kills. */
  readonly every: number;
  /** In milliseconds. */
  readonly timeout: number;
  /** Draws what is killed: 0 up to 1. */
  readonly random: () => number;
}

/** What came of it. */
export interface ChaosResult {
  readonly claims: number;
  readonly kills: Readonly<Record<"manager" | "client" | "allocation" | "agent", number>>;
  readonly doubles: readonly Double[];
  /** Commands that found something of somebody else in their slot. */
  readonly strangers: number;
  /** Claims that took longer than their timeout and what a write may take. */
  readonly late: number;
  /** For each manager and client that was killed while the agent ran: milliseconds until its leases were free. */
  readonly freed: readonly number[];
  /** Half a minute after the end. */
  readonly left: { readonly leases: number; readonly sandboxes: number; readonly processes: number };
  /** What runs and what Nomad says of it, where a sandbox is left: its cause is not found without. */
  readonly leftSandboxes: readonly string[];
}

/** What a claim may take beyond its timeout on a machine that is busy, in milliseconds. */
const SLACK = 1000;
const MARK = "chaos-mark-7f3a";

/** Managers in processes of their own that share a slot pool, with kill -9 at random of them, of clients that hold slots, and of sandboxes. */
export async function slotChaos(cluster: ChaosCluster, options: ChaosOptions): Promise<ChaosResult> {
  const bundles = new Bundles();
  const real = new RealSandboxes(bundles);
  const job = "chaos";
  const { sandboxes: count, slots, callers, timeout } = options;
  await cluster.nomad.register(real.job({ id: job, count, min: count, max: count, slots }));
  const store =
    options.store === "nomad"
      ? new NomadStore(nomadConnection(cluster.environment))
      : new ConsulStore(consulConnection(cluster.environment));
  const workers = new SlotWorkers(bundles, {
    token: real.token,
    environment: cluster.environment,
    job,
    store: options.store,
    callers,
    claims: Math.ceil(options.claims / options.managers),
    // Whoever was there before left a file and a process.
    command: `ls -A; touch left-behind; (MARK=${MARK} setsid sleep 600 >/dev/null 2>&1 &); sleep 0.0$((RANDOM % 5))`,
    timeout,
  });
  try {
    const run = new ChaosRun(cluster, store, workers, options, job);
    await run.untilDone();
    // A sandbox that was killed last is still on its way.
    await sleep(2000);
    for (const end = Date.now() + 28_000; Date.now() < end && !isNone(await run.left());) await sleep(500);
    const claimed = workers.lines().flatMap((line) => (line.kind === "waited" ? [line] : []));
    return {
      claims: claimed.filter(({ got }) => got).length,
      kills: run.kills,
      doubles: doublesIn(workers.history()),
      strangers: workers.lines().filter((line) => line.kind === "ran" && line.stdout !== "").length,
      late: claimed.filter(({ milliseconds }) => milliseconds > timeout + SLACK).length,
      freed: run.freed,
      left: await run.left(),
      leftSandboxes: await run.leftSandboxes(),
    };
  } finally {
    await workers.close();
    await store.close();
    await cluster.nomad.deregister(job);
    // Of a purged job no allocation is listed, also while its tasks still run: an agent that ended then would leave them.
    await until("the end of the sandboxes", async () => {
      const left = await cluster.nomad.allocations(job);
      return left.every(({ ClientStatus }) => ClientStatus !== "running" && ClientStatus !== "pending");
    });
    await cluster.nomad.deregister(job, { purge: true });
    bundles.remove();
  }
}

function isNone({ leases, sandboxes, processes }: ChaosResult["left"]): boolean {
  return leases + sandboxes + processes === 0;
}

/** What commands have started and is there; managers have their command as an argument, and are not meant. */
function commandsLeft(): number {
  return processesNaming(MARK).filter(({ command }) => !command.includes("slot-worker")).length;
}

class ChaosRun {
  readonly kills = { manager: 0, client: 0, allocation: 0, agent: 0 };
  readonly freed: number[] = [];
  readonly #managers = new Set<string>();

  constructor(
    private readonly cluster: ChaosCluster,
    private readonly store: Store,
    private readonly workers: SlotWorkers,
    private readonly options: ChaosOptions,
    private readonly job: string,
  ) {}

  async untilDone(): Promise<void> {
    const { workers, options } = this;
    for (let manager = 0; manager < options.managers; manager += 1) this.#managers.add(workers.start());
    await until("the managers", () => [...this.#managers].every((name) => this.has(name, "ready")));
    const freeing: Promise<void>[] = [];
    const wrong: unknown[] = [];
    const beside = (work: Promise<void>) => freeing.push(work.catch((error: unknown) => void wrong.push(error)));
    while (this.claimed() < options.claims && [...this.#managers].some((name) => workers.running.includes(name))) {
      await sleep(options.every * (0.5 + options.random()));
      const drawn = options.random();
      if (drawn < 0.35) beside(this.killManager());
      else if (drawn < 0.7) beside(this.killClient());
      else if (drawn < 0.95 || this.cluster.restartAgent === undefined) await this.killAllocation();
      else {
        this.kills.agent += 1;
        await this.cluster.restartAgent();
      }
      if (workers.failures.length > 0) throw new Error(workers.failures.join("\n"));
      if (wrong.length > 0) throw wrong[0];
    }
    await Promise.all(freeing);
    // Somebody has to be there to end what the dead had.
    const last = workers.start({ claims: 0, callers: 0, holds: true });
    await until("the last manager", () => this.has(last, "ready"));
    await Promise.all(workers.running.filter((name) => name !== last).map((name) => this.kill(name)));
  }

  /** What stands in the store, and what runs, without need. */
  async left(): Promise<ChaosResult["left"]> {
    const { objects } = await this.store.list(`pools/${this.job}/slots/`);
    const leases = [...objects.values()].filter(({ value }) => !value.includes('"state":"free"')).length;
    const allocations = await this.cluster.nomad.allocations(this.job);
    const wanted = allocations.filter(
      ({ DesiredStatus, ClientStatus }) => DesiredStatus === "run" && ClientStatus === "running",
    );
    return {
      leases,
      sandboxes: Math.max(0, this.servers().length - wanted.length),
      processes: commandsLeft(),
    };
  }

  /** The sandboxes that run, and the allocations as Nomad has them, where there are more of the first than of those that shall run. */
  async leftSandboxes(): Promise<readonly string[]> {
    if ((await this.left()).sandboxes === 0) return [];
    const allocations = await this.cluster.nomad.allocations(this.job);
    return [
      ...this.servers().map(({ pid, command }) => `process ${pid}, started by ${parentOf(pid)}: ${command}`),
      ...allocations.map(
        ({ ID, DesiredStatus, ClientStatus, TaskStates }) =>
          `allocation ${ID}: ${DesiredStatus}, ${ClientStatus}, ${JSON.stringify(TaskStates)}`,
      ),
    ];
  }

  /** The sandboxes of this cluster: others may run on this machine. What a server is just starting has its command line for a moment, and is its child. */
  private servers() {
    const found = processesNaming("--data-dir").filter(({ command }) => command.includes(this.cluster.folder));
    const ids = new Set(found.map(({ pid }) => pid));
    return found.filter(({ pid }) => !ids.has(parentOf(pid)));
  }

  private async killManager(): Promise<void> {
    const [name] = this.drawn([...this.#managers].filter((one) => this.workers.running.includes(one)));
    if (name === undefined) return;
    this.kills.manager += 1;
    this.#managers.delete(name);
    // The next one does what the dead one had still to do.
    this.#managers.add(this.workers.start());
    await this.kill(name);
  }

  private async killClient(): Promise<void> {
    const name = this.workers.start({ callers: 2, claims: 2, holds: true, command: `sleep 600 # ${MARK}` });
    // Where the agent or its sandboxes were killed meanwhile it may have got none.
    const hasTried = () => this.workers.lines(name).filter(({ kind }) => kind === "ended").length >= 2;
    await until(
      "a client that holds slots",
      () => this.has(name, "claimed") || hasTried() || !this.workers.running.includes(name),
    );
    this.kills.client += 1;
    await this.kill(name);
  }

  private async killAllocation(): Promise<void> {
    const [server] = this.drawn(this.servers());
    if (server === undefined) return;
    this.kills.allocation += 1;
    // Half of them by Nomad, half as a crash.
    const id = /alloc\/([0-9a-f-]{36})\//.exec(server.command)?.[1];
    if (this.options.random() < 0.5 && id !== undefined) await this.cluster.nomad.stopAllocation(id);
    else process.kill(server.pid, "SIGKILL");
  }

  /** Kills one, and waits until everything that it held is free. */
  private async kill(name: string): Promise<void> {
    await this.workers.kill(name);
    const began = performance.now();
    const holds = async () => {
      const { objects } = await this.store.list(`pools/${this.job}/slots/`);
      return [...objects.values()].some(({ value }) => value.includes('"state":"held"') && value.includes(`"${name}-`));
    };
    // An agent that is away says nothing.
    const mayHold = () => holds().catch(() => true);
    const { agent } = this.kills;
    for (const end = performance.now() + 30_000; (await mayHold()) && performance.now() < end;) await sleep(50);
    if (agent === this.kills.agent) this.freed.push(performance.now() - began);
  }

  private drawn<T>(of: readonly T[]): readonly T[] {
    const one = of[Math.floor(this.options.random() * of.length)];
    return one === undefined ? [] : [one];
  }

  private claimed(): number {
    return this.workers.lines().filter((line) => line.kind === "waited" && line.got).length;
  }

  private has(name: string, kind: SlotWorkerLine["kind"]): boolean {
    return this.workers.lines(name).some((line) => line.kind === kind);
  }
}

/** Numbers from 0 up to 1 that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
