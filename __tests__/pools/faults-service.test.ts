import { Cpu, Memory, Resources } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { WarmPoolJob } from "../../lib/pools";
import { SCOPES, type ServiceClient } from "../../lib/service";
import { clusterForSuite } from "../support/cluster";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { forksAway, nap, processesWith } from "../support/processes";
import { until } from "../support/until";

const POOL = "warm-pool-openai";
const SIZE = 4;
const cluster = clusterForSuite();
const tokens = new TokenFile();
const ann = tokens.add("ann", "claim", "execute", "read");
const root = tokens.add("root", ...SCOPES);
const never = new AbortController().signal;
const running: ServiceProcess[] = [];

async function start(...args: readonly string[]): Promise<ServiceProcess> {
  const usual = ["--pool", POOL, "--tokens", tokens.path, "--runtime", "raw_exec", "--shared-without-isolation"];
  const service = await ServiceProcess.start([...usual, "--log-level", "debug", ...args], cluster.addresses);
  running.push(service);
  return service;
}

beforeAll(async () => {
  const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(32) });
  const job = new WarmPoolJob({ provider: "openai", size: SIZE, execution: { kind: "raw_exec" }, resources });
  await cluster.nomad.register(job.toApi().Job as JobJson);
}, 60_000);
afterAll(async () => {
  for (const service of running) await service.kill();
  tokens.remove();
}, 30_000);

async function figures(service: ServiceProcess): Promise<{ readonly free: number; readonly leased: number }> {
  const answer = await fetch(`${service.address}/api/pools`, { headers: { authorization: `Bearer ${root}` } });
  const { pools } = (await answer.json()) as { pools: { free: number; leased: number }[] };
  return pools[0] ?? { free: -1, leased: -1 };
}

/** A command that runs for good, and its children. */
async function stubborn(client: ServiceClient, held: { readonly id: string; readonly generation: number }) {
  const seconds = nap();
  const ended = (async () => {
    const command = `${forksAway(seconds)} sleep ${seconds}`;
    for await (const event of client.execute(held, { command }, never)) if (event.type === "error") return event;
    return "ended";
  })().catch((error: unknown) => error);
  const left = () => processesWith(`sleep ${seconds}`).length;
  await until("that it runs", () => left() >= 6);
  return { ended, left };
}

test("two services that are started at once share a pool; what ran through one that is killed ends with its leases", async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const claim = (service: ServiceProcess) => service.client(ann).claim({ pool: POOL, wait: 30_000, ttl: 5000 });
  const held = await Promise.all([claim(one), claim(two), claim(one)]);
  expect(new Set(held.map(({ id }) => id)).size).toBe(3);
  const commands = await Promise.all([stubborn(one.client(ann), held[0]), stubborn(one.client(ann), held[2])]);
  const other = await stubborn(two.client(ann), held[1]);
  await one.kill();
  for (const { ended } of commands) expect(String(await ended)).toMatch(/went away|does not answer|terminated/);
  // Nobody renews these leases any more.
  await until("that they are over", async () => (await figures(two)).leased === 1, 30_000);
  await until("that what they ran is gone", () => commands.every(({ left }) => left() === 0), 10_000);
  expect(other.left()).toBeGreaterThan(0);
  await two.client(ann).release(held[1]);
  await until("that all is as before", async () => (await figures(two)).free === SIZE, 30_000);
  expect(other.left()).toBe(0);
}, 120_000);
