import { SimulatedClock } from "../../__tests__/support/simulated-clock";
import { ABSENT, ConsulStore, LeaseBook, WarmPool } from "../../lib/pools";
import { percentiles, type Percentiles } from "../pools/figures";
import { ModelledConsul } from "./consul";
import { Link } from "./link";
import { LOOPBACK } from "./measured";
import { ModelledNomad } from "./nomad";
import { Processors, Thread } from "./processors";
import { Random } from "./random";

const SLOTS = 30;
const CALLERS = 8;

/** One machine of two processors, on which Consul, Nomad and all managers run, as in the measurements of docs/benchmarks.md. */
class Machine {
  readonly clock = new SimulatedClock();
  readonly random = new Random(1);
  readonly processors = new Processors(this.clock, 2);
  readonly consul = new ModelledConsul(this.clock, this.processors, this.random);

  /** What a process has of the servers. */
  process(each?: number) {
    const { clock: world, processors, random } = this;
    const clock = world.process();
    const thread = new Thread(clock, processors);
    const link = (api: "Nomad" | "Consul") => new Link({ clock, thread, random, way: LOOPBACK, api });
    const store = new ConsulStore(this.consul.client(link("Consul"), each), clock.after.bind(clock));
    return { clock, store, link, randomBytes: random.bytes };
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(milliseconds, resolve));
  }
}

/** Bare writes of eight callers in one process: what the model is calibrated by. */
export async function bareWrites(count = 2000): Promise<Percentiles> {
  const machine = new Machine();
  const { store } = machine.process(0);
  const times: number[] = [];
  const caller = async (number: number) => {
    const key = `pools/bare/slots/${number}`;
    for (let version: number = ABSENT, turn = 0; turn < count / CALLERS; turn += 1) {
      const began = machine.clock.now();
      version = (await store.write(key, `${number} ${turn}`, version)) ?? version;
      times.push(machine.clock.now() - began);
    }
  };
  await machine.clock.until(Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number))));
  return percentiles(times);
}

/** Claims of so many processes of eight callers, over thirty slots. @param hold the longest that each is held, in milliseconds */
export async function claims(processes: number, hold: number, count = 2000): Promise<Percentiles> {
  const machine = new Machine();
  const { clock, random } = machine;
  const times: number[] = [];
  const slots = Array.from({ length: SLOTS }, (_, number) => `slot-${number}`);
  const one = async () => {
    const { store, clock: own, randomBytes } = machine.process();
    const end = () => Promise.resolve("free" as const);
    const book = new LeaseBook({ store, pool: "held", clock: own, randomBytes, candidates: () => slots, end });
    await book.start();
    await Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        for (let turn = 0; turn < count / processes / CALLERS; turn += 1) {
          const began = clock.now();
          const lease = await book.claim({ owner: `caller ${caller}` });
          times.push(clock.now() - began);
          if (hold > 0) await machine.wait(random.next() * hold);
          await book.release(lease, { end: false });
        }
      }),
    );
    await book.stop();
  };
  await clock.until(Promise.all(Array.from({ length: processes }, one)));
  return percentiles(times);
}

/** From the release of so many containers of ten to the moment that the pool is full again, emptied before as those of raw_exec are. */
export async function replacements(count: number, rounds: number): Promise<Percentiles> {
  const machine = new Machine();
  const { clock, random, processors } = machine;
  const nomad = new ModelledNomad({
    clock,
    processors,
    random,
    nodes: 1,
    perNode: 100,
    nodeProcessors: "shared",
    driver: "raw_exec",
  });
  nomad.hold("held", 10);
  const { store, link, clock: own, randomBytes } = machine.process();
  const pool = new WarmPool({
    ...{ nomad: nomad.client(link("Nomad")), executor: nomad.executor(link("Nomad")), store, pool: "held" },
    ...{ clock: own, random: random.next, leases: { randomBytes } },
  });
  const times: number[] = [];
  const run = async () => {
    await pool.start();
    await pool.until(({ free }) => free === 10, 60_000);
    for (let round = 0; round < rounds; round += 1) {
      const leased = await Promise.all(Array.from({ length: count }, () => pool.claim({ owner: "somebody" })));
      const began = clock.now();
      await Promise.all(leased.map(({ lease }) => pool.release(lease)));
      await pool.until(({ free }) => free === 10, 60_000);
      times.push(clock.now() - began);
    }
    await pool.stop();
  };
  await clock.until(run());
  return percentiles(times);
}
