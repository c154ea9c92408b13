import { SimulatedClock, type ProcessClock } from "../../__tests__/support/simulated-clock";
import { ConsulStore, WarmPool, type LeaseEvent } from "../../lib/pools";
import { ModelledConsul } from "./consul";
import { Link } from "./link";
import { WAY } from "./measured";
import { ModelledNomad } from "./nomad";
import { Processors, Thread } from "./processors";
import { Random } from "./random";

/** How large a {@link World} is. */
export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly pools: number;
  /** Containers of each pool. */
  readonly containers: number;
  /** Processes that manage pools. */
  readonly managers: number;
  /** How many of them share each pool. */
  readonly managersOfPool: number;
  /** Clusters of Consul; each pool has its leases in one of them. */
  readonly consuls: number;
  readonly consulProcessors: number;
  readonly nomadProcessors: number;
}

/** A process that manages some of the pools. */
export interface ManagerProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly pools: ReadonlyMap<string, WarmPool>;
  readonly links: readonly Link[];
  /** For how long it was stopped, and did nothing, in milliseconds. */
  stopped: number;
  isDead: boolean;
}

/**
 * Nomad, Consul, and processes that manage pools there, in simulated time. The managers are the very classes of `cdk-nomad/pools`; what is modelled is
 * what they ask, and the network between.
 */
export class World {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly consuls: readonly ModelledConsul[];
  readonly consulProcessors: readonly Processors[];
  readonly nomad: ModelledNomad;
  readonly nomadProcessors: Processors;
  readonly pools: readonly string[];
  /** Those that have a place in the world, the dead ones replaced. */
  readonly managers: ManagerProcess[] = [];
  /** What managers told of, by its words without names and numbers. */
  readonly troubles = new Map<string, number>();
  /** Told of what managers tell. */
  onEvent: (event: LeaseEvent) => void = () => undefined;
  #begun = 0;

  constructor(readonly options: WorldOptions) {
    const { seed, nodes, pools, containers, consuls, consulProcessors, nomadProcessors } = options;
    this.random = new Random(seed);
    this.consulProcessors = Array.from({ length: consuls }, () => new Processors(this.clock, consulProcessors));
    this.consuls = this.consulProcessors.map((processors) => new ModelledConsul(this.clock, processors, this.random));
    this.nomadProcessors = new Processors(this.clock, nomadProcessors);
    // A node more or less has to make no difference.
    const perNode = Math.ceil((pools * containers * 1.1) / nodes) + 1;
    const { clock, random, nomadProcessors: processors } = this;
    this.nomad = new ModelledNomad({ clock, random, processors, nodes, perNode });
    this.pools = Array.from({ length: pools }, (_, number) => `pool-${number}`);
    for (const pool of this.pools) this.nomad.hold(pool, containers);
  }

  /** Starts every manager. @returns once all pools are looked after */
  async start(): Promise<void> {
    await this.clock.until(Promise.all(Array.from({ length: this.options.managers }, (_, place) => this.begin(place))));
  }

  /** The Consul that has the leases of a pool. */
  consulOf(pool: string): ModelledConsul {
    const consul = this.consuls[this.pools.indexOf(pool) % this.consuls.length];
    if (!consul) throw new Error(`${pool} has no Consul`);
    return consul;
  }

  /** Those that look after a pool and live. */
  managersOf(pool: string): readonly ManagerProcess[] {
    return this.managers.filter(({ pools, isDead }) => !isDead && pools.has(pool));
  }

  /** A process ends at once, as by kill -9, and another one is started in its place. */
  kill(place: number, after: number): void {
    const manager = this.managers[place];
    if (!manager || manager.isDead) return;
    manager.isDead = true;
    manager.clock.kill();
    this.clock.after(after, () => void this.begin(place));
  }

  /** Ends all of it. */
  end(): void {
    for (const { clock } of this.managers) clock.kill();
  }

  /** Starts the manager of a place: each pool is looked after by several that stand at equal distances. */
  private async begin(place: number): Promise<void> {
    const { clock: world, random, nomad } = this;
    const clock = world.process();
    const thread = new Thread(clock, new Processors(clock, 1));
    const link = (api: "Nomad" | "Consul") => new Link({ clock, thread, random, way: WAY, api });
    const toNomad = link("Nomad");
    const toConsuls = this.consuls.map(() => link("Consul"));
    const name = `manager-${place}-${(this.#begun += 1)}`;
    const stores = this.consuls.map(
      (consul, number) => new ConsulStore(consul.client(toConsuls[number] ?? link("Consul")), clock.after.bind(clock)),
    );
    const pools = new Map<string, WarmPool>();
    for (const [number, pool] of this.pools.entries()) {
      const store = stores[number % stores.length];
      if (!this.looksAfter(place, number) || !store) continue;
      pools.set(
        pool,
        new WarmPool({
          ...{
            nomad: nomad.client(toNomad),
            executor: nomad.executor(toNomad),
            store,
            pool,
            clock,
            random: random.next,
          },
          leases: { manager: name, randomBytes: random.bytes, onEvent: (event) => this.onEvent(event) },
          onTrouble: (message) => this.trouble(message),
        }),
      );
    }
    const links = [toNomad, ...toConsuls];
    this.managers[place] = { name, clock, pools, links, stopped: 0, isDead: false };
    // They do not all come up in one moment, so their heartbeats do not all come in one.
    const up = async (pool: WarmPool) => {
      await new Promise<void>((resolve) => void clock.after(random.next() * 400, resolve));
      while (!(await started(pool))) await new Promise<void>((resolve) => void clock.after(500, resolve));
    };
    await Promise.all([...pools.values()].map(up));
  }

  private looksAfter(place: number, pool: number): boolean {
    const { managers, managersOfPool } = this.options;
    const step = Math.max(1, Math.floor(managers / managersOfPool));
    return Array.from({ length: managersOfPool }, (_, copy) => (pool + copy * step) % managers).includes(place);
  }

  private trouble(message: string): void {
    const kind = message.replace(/[0-9a-f]{8}-[0-9a-f-]+|pool-\d+|\d+/g, "…");
    this.troubles.set(kind, (this.troubles.get(kind) ?? 0) + 1);
  }
}

async function started(pool: WarmPool): Promise<boolean> {
  try {
    await pool.start();
    return true;
  } catch {
    return false;
  }
}
