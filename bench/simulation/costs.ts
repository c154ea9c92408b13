import { readFileSync } from "node:fs";
import type { TestCluster } from "../../__tests__/support/cluster";
import { processesNaming } from "../../__tests__/support/processes";
import { ConsulClient, consulConnection, type KeyChange } from "../../lib/nomad";
import { percentiles } from "../pools/figures";

/** Milliseconds of a processor that one thing takes, at the server and at whoever asks; and how long it takes in the whole. */
export interface Cost {
  readonly what: string;
  readonly server: number;
  readonly client: number;
  readonly p50: number;
  readonly p99: number;
}

/** Ticks of /proc a second. */
const TICKS = 100;

/**
 * What requests of leases cost, by the processor time of the processes that take part: that depends on the machine and not on what else it does, as the
 * time on a clock would.
 */
export async function measureCosts(cluster: TestCluster): Promise<readonly Cost[]> {
  const consul = new ConsulClient(consulConnection(cluster.environment));
  const server = processesNaming("consul").find(({ command }) => command.includes(cluster.project.folder));
  if (!server) throw new Error("the Consul of this cluster is not among the processes");
  const costs: Cost[] = [];
  const measure = async (what: string, times: number, each: (number: number) => Promise<unknown>, parallel = 1) => {
    const before = { server: processorTime(server.pid), client: process.cpuUsage() };
    const waited: number[] = [];
    const turns = Array.from({ length: times }, (_, number) => number)[Symbol.iterator]();
    await Promise.all(
      Array.from({ length: parallel }, async () => {
        for (const number of turns) {
          const began = performance.now();
          await each(number);
          waited.push(performance.now() - began);
        }
      }),
    );
    const client = process.cpuUsage(before.client);
    const { p50, p99 } = percentiles(waited);
    costs.push({
      ...{ what, p50, p99 },
      server: (processorTime(server.pid) - before.server) / times,
      client: (client.user + client.system) / 1000 / times,
    });
  };
  const value = (number: number) =>
    JSON.stringify({
      slot: "0b1e3c5e-8f26-1d8b-3f5b-0f8d2c2f9a51",
      generation: number,
      state: "held",
      owner: "user-42",
      manager: "m-0011223344556677",
      ttl: 2000,
      claim: "00112233445566778899aabbccddeeff",
      over: null,
      nonce: Math.random().toString(16),
    });
  const index = new Map<string, number>();
  const write = async (keys: readonly string[], number: number) => {
    const changes = keys.map((key): KeyChange => ({ key, value: value(number), index: index.get(key) ?? 0 }));
    const made = await consul.change(changes);
    if ("index" in made) for (const key of keys) index.set(key, made.index);
  };
  const own = (caller: number) => [`pools/costs/own/${caller}`];
  const many = (count: number, group: number) =>
    Array.from({ length: count }, (_, n) => `pools/costs-${count}/slots/${group}-${n}`);
  await measure("warm up", 500, (number) => write(own(0), number));
  await measure("a write alone", 2000, (number) => write(own(0), number));
  await measure("two writes at once", 2000, (number) => write([`pools/costs/two/${number}`], number), 2);
  await measure("eight changes in a transaction", 500, (number) => write(many(8, 0), number));
  await measure("sixty-four changes in a transaction", 300, (number) => write(many(64, 0), number));
  await measure("a read", 2000, () => consul.entry(own(0)[0] ?? ""));
  for (const size of [30, 100, 1000]) {
    for (let from = 0; from < size; from += 50)
      await write(
        many(Math.min(50, size - from), from).map((key) => key.replace(/costs-\d+/, `list-${size}`)),
        0,
      );
    await measure(`a list of ${size}`, size > 500 ? 150 : 800, () =>
      consul.watchEntries(`pools/list-${size}/`, { seconds: 1 }),
    );
  }
  await consul.close();
  return costs;
}

function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}
