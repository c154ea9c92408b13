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
import { atRate, knock } from "./service-load";

const POOL = "warm-pool-openai";
const SIZE = 30;
/** Commands a second, and for how long. */
const RATE = 100;
/** Commands a second beyond what fits, and for how many seconds. */
const OVERLOAD = { rate: 400, seconds: 5 };
/** Requests at once beyond what fits. */
const BURST = 400;

/**
 * Commands through HTTP: a hundred a second in containers that were claimed, begun at fixed moments, so that a slow one delays none of the others; then
 * more at once than fits, of which those that are refused are told so soon.
 */
export async function measureService(cluster: TestCluster, seconds = 60): Promise<readonly Figure[]> {
  const tokens = new TokenFile();
  const token = tokens.add("bench", ...SCOPES);
  const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(16) });
  const job = new WarmPoolJob({
    provider: "openai",
    size: SIZE,
    execution: { kind: "raw_exec" },
    sharedWithoutIsolation: true,
    resources,
  });
  await cluster.nomad.register(job.toApi().Job as JobJson);
  const service = await ServiceProcess.ofPool(POOL, tokens, cluster.environment, "--log-level", "warn");
  const agent = new Agent({ connections: BURST });
  try {
    const client = service.client(token);
    const held: ServedContainer[] = [];
    await until("all containers are claimed", async () => {
      held.push(await client.claim({ pool: POOL, wait: 60_000, ttl: 600_000 }));
      return held.length === SIZE;
    });
    const run = async (number: number) => {
      const { id, generation } = held[number % SIZE] as ServedContainer;
      const began = performance.now();
      const { statusCode, body } = await request(`${service.address}/api/containers/${id}/execute`, {
        method: "POST",
        dispatcher: agent,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ command: "true", generation }),
      });
      const text = await body.text();
      const code = statusCode === 200 ? "ok" : (/"code":"([a-z-]+)"/.exec(text)?.[1] ?? "unknown");
      return { status: statusCode, code, time: performance.now() - began };
    };
    // The places know how they hold processes together, and the connections are open: neither is what is measured.
    await Promise.all(held.map((_, number) => run(number)));
    await Promise.all(Array.from({ length: BURST }, () => knock(service.address, agent)));
    const sustained = await atRate(RATE, seconds, run);
    const overload = await atRate(OVERLOAD.rate, OVERLOAD.seconds, run);
    const burst = await Promise.all(Array.from({ length: BURST }, (_, number) => run(number)));
    // A hundred a second fit: one that is refused there has failed.
    const failed = [
      ...sustained.filter(({ status }) => status !== 200),
      ...[...overload, ...burst].filter(({ status }) => status !== 200 && status !== 429),
    ];
    const codes = new Map<string, number>();
    for (const { code } of [...sustained, ...overload, ...burst]) codes.set(code, (codes.get(code) ?? 0) + 1);
    console.log(`  answers: ${[...codes].map(([code, count]) => `${code} ${count}`).join(", ")}`);
    const times = percentiles(sustained.filter(({ status }) => status === 200).map(({ time }) => time));
    console.log(
      `  ${times.count} commands through HTTP at ${RATE} a second: p50 ${milliseconds(times.p50)}, p99 ${milliseconds(times.p99)}`,
    );
    const overloads = `${OVERLOAD.rate} commands a second for ${OVERLOAD.seconds} s`;
    for (const each of held) await client.release(each);
    return [
      figure(`${RATE} commands a second through HTTP for ${seconds} s, p99`, times.p99, 100, milliseconds),
      figure(`commands through HTTP that failed`, failed.length, 1, String),
      refusals(overloads, overload),
      refusals(`${BURST} commands at once`, burst),
    ];
  } finally {
    await agent.close();
    await service.stop();
    await cluster.nomad.deregister(job.id, { purge: true });
    tokens.remove();
  }
}

/** How soon those were refused that were. */
function refusals(of: string, answers: readonly { readonly status: number; readonly time: number }[]): Figure {
  const times = answers.flatMap(({ status, time }) => (status === 429 ? [time] : []));
  const { p99, count } = percentiles(times);
  return figure(`refusals of ${of}, p99 of ${count}`, count === 0 ? 0 : p99, 50, milliseconds);
}
