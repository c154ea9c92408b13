import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import type { TestCluster } from "../../__tests__/support/cluster";
import { ServiceProcess, TokenFile } from "../../__tests__/support/pool-service";
import { until } from "../../__tests__/support/until";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { WarmPoolJob } from "../../lib/pools";
import { SCOPES, type ServedContainer } from "../../lib/service";
import type { Figure } from "../synthesis";
import { figure, milliseconds, percentiles } from "./figures";

const POOL = "warm-pool-openai";
/** Requests a second that the service is for, all owners together. */
const RATE = 200;
/** How many times as many come in a flood. */
const TIMES = 10;
/** Connections of all who ask: at ten times the rate, with an answer in 50 ms, a hundred are in use. */
const CONNECTIONS = 400;
/** Those who ask, each with a token of their own; no owner may ask more than two thousand times in ten seconds. */
const OWNERS = ["ann", "bob", "cat", "dan"];
/** Those who ask after the flood: its own owners have used up their ten seconds. */
const OTHERS = ["eve", "fay", "gus", "hal"];
/** What the service takes at first is code that is compiled and connections that are opened. Milliseconds. */
const WARM = 10_000;

/** How long, in seconds, and in how many containers. */
export interface ServiceLoad {
  readonly sustained: number;
  readonly flood: number;
  readonly recovery: number;
  readonly containers: number;
}

/** One request and its answer. */
interface Answered {
  /** 0 where none came. */
  readonly status: number;
  /** Why none came. */
  readonly why?: string;
  readonly time: number;
  /** When it was begun, by the clock of `performance`. */
  readonly at: number;
}

/** What a service did under load. */
export interface ServiceUnderLoad {
  readonly sustained: readonly Answered[];
  readonly flood: readonly Answered[];
  readonly recovery: readonly Answered[];
  /** What the service's process held in memory, in bytes, once a second from the tenth second on. */
  readonly memory: readonly number[];
  /** From the last request of the flood to the first command of somebody else that was answered, in milliseconds. */
  readonly back: number;
}

/** Has a service of its own asked two hundred times a second, then ten times as often, then as before. Half of the requests run a command, the rest renew leases and read lists. */
export async function loadService(cluster: TestCluster, load: ServiceLoad): Promise<ServiceUnderLoad> {
  const tokens = new TokenFile();
  const tokenOf = new Map([...OWNERS, ...OTHERS].map((owner) => [owner, tokens.add(owner, ...SCOPES)]));
  const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(16) });
  const job = new WarmPoolJob({
    provider: "openai",
    size: load.containers,
    execution: { kind: "raw_exec" },
    sharedWithoutIsolation: true,
    resources,
  });
  await cluster.nomad.register(job.toApi().Job as JobJson);
  const service = await ServiceProcess.ofPool(POOL, tokens, cluster.environment, "--log-level", "warn");
  // What takes long is measured as that, and no client gives it up.
  const agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 60_000 },
  });
  const held: { readonly owner: string; readonly container: ServedContainer }[] = [];
  try {
    const all = [...OWNERS, ...OTHERS];
    await until("all containers are claimed", async () => {
      const owner = all[held.length % all.length] as string;
      const client = service.client(tokenOf.get(owner) as string);
      held.push({ owner, container: await client.claim({ pool: POOL, wait: 60_000, ttl: 600_000 }) });
      return held.length === load.containers;
    });
    const asker = (owners: readonly string[]) => {
      const own = held.filter(({ owner }) => owners.includes(owner));
      return async (number: number): Promise<Answered> => {
        // Every second request is a command: by halves, every owner runs some.
        const { owner, container } = own[Math.floor(number / 2) % own.length] as (typeof own)[number];
        const { id, generation } = container;
        const at = performance.now();
        const headers = { authorization: `Bearer ${tokenOf.get(owner)}`, "content-type": "application/json" };
        const { method, path, body } = requestOf(number, id, generation);
        try {
          const answer = await request(`${service.address}${path}`, {
            method,
            dispatcher: agent,
            headers:
              method === "GET"
                ? { authorization: headers.authorization }
                : { ...headers, "lease-generation": String(generation) },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          await answer.body.text();
          return { status: answer.statusCode, time: performance.now() - at, at };
        } catch (error) {
          const { code = "unknown" } = error as NodeJS.ErrnoException;
          return { status: 0, why: code, time: performance.now() - at, at };
        }
      };
    };
    // The places know how they hold processes together, and the connections are open: neither is what is measured.
    await Promise.all(held.map((_, number) => asker(all)(number * 2)));
    await Promise.all(Array.from({ length: CONNECTIONS }, () => knock(service.address, agent)));
    const memory: number[] = [];
    const began = performance.now();
    const look = setInterval(() => {
      if (performance.now() - began > Math.min(WARM, load.sustained * 500)) memory.push(service.memory);
    }, 1000);
    const sustained = await atRate(RATE, load.sustained, asker(OWNERS));
    clearInterval(look);
    const flood = await atRate(RATE * TIMES, load.flood, asker(OWNERS));
    const ended = Math.max(...flood.map(({ at }) => at));
    const recovery = await atRate(RATE, load.recovery, asker(OTHERS));
    const first = recovery.find(({ status }) => status === 200);
    return { sustained, flood, recovery, memory, back: first ? first.at + first.time - ended : Infinity };
  } finally {
    await agent.close();
    for (const { owner, container } of held)
      await service
        .client(tokenOf.get(owner) as string)
        .release(container)
        .catch(() => undefined);
    await service.stop();
    await cluster.nomad.deregister(job.id, { purge: true });
    tokens.remove();
  }
}

/** Opens a connection, and leaves it open. */
export async function knock(address: string, dispatcher: Agent): Promise<void> {
  const { body } = await request(`${address}/healthz`, { dispatcher });
  await body.dump();
}

/** Every second request runs a command; the others renew a lease, and read what a page reads. */
function requestOf(number: number, id: string, generation: number) {
  if (number % 2 === 0)
    return { method: "POST", path: `/api/containers/${id}/execute`, body: { command: "true", generation } } as const;
  if (number % 6 === 1) return { method: "POST", path: `/api/containers/${id}/renew`, body: {} } as const;
  return { method: "GET", path: number % 6 === 3 ? "/api/pools" : "/api/containers", body: undefined } as const;
}

/** The figures of a service under 200 requests a second for a minute, at ten times that, and after it. */
export async function measureServiceLoad(cluster: TestCluster, seconds = 60): Promise<readonly Figure[]> {
  const load = { sustained: seconds, flood: 5, recovery: 10, containers: 32 };
  const { sustained, flood, recovery, memory, back } = await loadService(cluster, load);
  for (const [name, answers] of Object.entries({ sustained, flood, recovery })) {
    const { count, p50, p99 } = percentiles(answers.map(({ time }) => time));
    console.log(
      `  ${name}: ${count} requests, p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}; ${statuses(answers)}`,
    );
  }
  const refused = percentiles(flood.flatMap(({ status, time }) => (isRefusal(status) ? [time] : [])));
  const growth = growthOf(memory);
  console.log(`  memory of the service: ${memory.map((bytes) => `${Math.round(bytes / 2 ** 20)}`).join(" ")} MiB`);
  return [
    figure(
      `${RATE} requests a second for ${seconds} s: answers that were lost or refused`,
      sustained.filter(isBad).length,
      1,
      String,
    ),
    figure(
      `the same: growth of the service's memory after ten seconds`,
      growth,
      10,
      (value) => `${value.toFixed(1)} %`,
    ),
    figure(
      `${RATE * TIMES} requests a second for ${load.flood} s: answers that were lost`,
      flood.filter(({ status }) => !isAnswer(status) && !isRefusal(status)).length,
      1,
      String,
    ),
    figure(`the same: 429 or 503, p99 of ${refused.count}`, refused.count === 0 ? 0 : refused.p99, 50, milliseconds),
    figure(`after it: the first command of another owner is answered`, back, 1000, milliseconds),
    figure(
      `after it, ${RATE} a second for ${load.recovery} s: answers that were lost or refused`,
      recovery.filter(isBad).length,
      1,
      String,
    ),
  ];
}

/** Whether a status says that all went well. */
export function isAnswer(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Whether a status says to ask again later. */
export function isRefusal(status: number): boolean {
  return status === 429 || status === 503;
}

function isBad({ status }: Answered): boolean {
  return !isAnswer(status);
}

function statuses(answers: readonly Answered[]): string {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${status === 0 ? "no answer" : status}: ${count}`).join(", ");
}

/** How much more memory is held in the last third than in the first one, by their medians, in percent: garbage that waits to be collected is no growth. */
export function growthOf(memory: readonly number[]): number {
  const third = Math.max(1, Math.floor(memory.length / 3));
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  return (median(memory.slice(-third)) / median(memory.slice(0, third)) - 1) * 100;
}

/** Begins so many a second at fixed moments, so that a slow one delays none of the others, and waits for all. */
export async function atRate<T>(
  rate: number,
  seconds: number,
  run: (number: number) => Promise<T>,
): Promise<readonly T[]> {
  const begun: Promise<T>[] = [];
  const start = performance.now();
  for (let number = 0; number < rate * seconds; number += 1) {
    const wait = start + (number * 1000) / rate - performance.now();
    if (wait > 0) await sleep(wait);
    begun.push(run(number));
  }
  return Promise.all(begun);
}
