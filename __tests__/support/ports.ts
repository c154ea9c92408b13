import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { portsAt, regionConsulPortsAt, regionPortsAt, takenPorts } from "../../lib/local";

/**
 * Offsets that test clusters may have: all below the ports that Nomad and the kernel hand out by themselves. A thousand lies between two of
 * them, and no two ports of a cluster differ by a whole thousand, so clusters of different offsets share no port, nor do they with one on the
 * usual ports.
 */
const OFFSETS = [2, 3, 4, 5, 6, 7, 8, 9].map((thousands) => thousands * 1000);
/** A port that is bound as long as an offset is reserved: the kernel frees it when the process ends, however it ends. */
const LOCK_PORT = 4699;
/** The first of the ports that a test may use for servers of its own. */
const OWN_PORT = 9710;
const OWN_PORTS = 20;
/** Static ports of this repository's jobs. */
const JOB_PORTS = [5901, 6081, 7070, 8980, 8981, 8990, 9090, 9092, 9093];

/** Ports of this machine that nobody else uses or reserves. */
export interface ReservedPorts {
  /** How far the usual ports are moved. */
  readonly offset: number;
  /** One of twenty ports for whatever a test starts. */
  port(number: number): number;
  /** Gives them back. */
  release(): Promise<void>;
}

/** How long those who run beside this are waited for, in milliseconds. */
const PATIENCE = 120_000;

/**
 * Reserves the ports of a cluster for this process, whatever other test runs and clusters there are on this machine. Where all are in use, it
 * waits two minutes for one of them to end.
 *
 * @param regions how many Nomads there will be
 */
export async function reservePorts(regions = 1): Promise<ReservedPorts> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(1000)) {
    const reserved = await reserveNow(regions);
    if (reserved) return reserved;
  }
  throw new Error(`all of ${OFFSETS.length} sets of test ports are in use; end other test runs, or what they left`);
}

async function reserveNow(regions: number): Promise<ReservedPorts | undefined> {
  for (const offset of OFFSETS) {
    const lock = await listen(LOCK_PORT + offset);
    if (!lock) continue;
    if ((await takenPorts(portsOf(offset, regions))).length === 0) {
      const release = () => new Promise<void>((resolve) => lock.close(() => resolve()));
      return { offset, port: (number) => OWN_PORT + offset + (number % OWN_PORTS), release };
    }
    lock.close();
  }
  return undefined;
}

function portsOf(offset: number, regions: number): Readonly<Record<string, number>> {
  const more = Array.from({ length: regions - 1 }, (_, index) =>
    [regionPortsAt, regionConsulPortsAt].flatMap((portsOfRegion) => Object.values(portsOfRegion(offset, index + 1))),
  );
  const own = Array.from({ length: OWN_PORTS }, (_, index) => OWN_PORT + offset + index);
  const jobs = JOB_PORTS.map((port) => port + offset);
  const all = [...Object.values(portsAt(offset)), ...more.flat(), ...own, ...jobs];
  return Object.fromEntries(all.map((port) => [String(port), port]));
}

/** Listens without keeping the process alive; undefined where somebody else does. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server.unref()));
  });
}
