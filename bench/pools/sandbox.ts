import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "undici";
import { bundleSandboxServer, TestSandboxServer } from "../../__tests__/support/sandbox-server";
import type { Figure } from "../synthesis";

const SERVERS = 10;
const SLOTS = 10;
const BURSTS = 12;
const ONE_BY_ONE = 1000;

/** Commands with an environment of their own, over sandbox servers without Nomad before them: what the servers themselves take. */
export async function measureSandboxServers(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bench-sandbox-"));
  const figures: Figure[] = [];
  try {
    const program = bundleSandboxServer(folder);
    for (const { kind, goal } of [
      { kind: "user", goal: 300 },
      { kind: "bubblewrap", goal: 700 },
    ] as const) {
      const servers = Array.from({ length: SERVERS }, () => new TestSandboxServer(program));
      try {
        for (const server of servers) await server.start(["--slots", String(SLOTS), "--isolation", kind]);
        if (servers.some(({ exitCode }) => exitCode !== null)) {
          console.log(`  skipped: sandboxes by ${kind}: ${servers[0]?.said.split("\n")[0]}`);
          continue;
        }
        figures.push(...(await measured(servers, kind, goal)));
      } finally {
        await Promise.all(servers.map((server) => server.end()));
        for (const server of servers) server.remove();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}

async function measured(servers: readonly TestSandboxServer[], kind: string, goal: number): Promise<Figure[]> {
  const pools = servers.map(({ url }) => new Pool(url, { connections: SLOTS }));
  const run = async (server: number, slot: number): Promise<number> => {
    const began = performance.now();
    const { body } = await (pools[server] as Pool).request({
      method: "POST",
      path: "/execute",
      headers: servers[server]?.headers,
      body: JSON.stringify({
        slot_id: `slot_${slot}`,
        tool: "bash",
        args: { command: 'echo "$KEY"' },
        env: { KEY: `key-${slot}` },
      }),
    });
    const answer = (await body.json()) as { readonly output?: string };
    if (answer.output !== `key-${slot}`) throw new Error(JSON.stringify(answer));
    return performance.now() - began;
  };
  const places = servers.flatMap((_, server) => Array.from({ length: SLOTS }, (__, slot) => [server, slot] as const));
  const bursts: number[] = [];
  for (let burst = 0; burst <= BURSTS; burst += 1) {
    const times = await Promise.all(places.map(([server, slot]) => run(server, slot)));
    // The first opens the connections.
    if (burst > 0) bursts.push(...times);
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  const single: number[] = [];
  for (let count = 0; count < ONE_BY_ONE; count += 1) {
    const [server, slot] = places[count % places.length] as readonly [number, number];
    single.push(await run(server, slot));
  }
  await Promise.all(pools.map((pool) => pool.close()));
  const p99 = quantile(bursts, 0.99);
  const of = (times: readonly number[]) =>
    `${quantile(times, 0.5).toFixed(1)} / ${quantile(times, 0.99).toFixed(1)} ms`;
  return [
    {
      what: `burst of 100 over sandbox servers by ${kind}, p50 / p99 of ${bursts.length}`,
      value: of(bursts),
      goal: `p99 under ${goal} ms`,
      reached: p99 < goal,
    },
    {
      what: `one after another over sandbox servers by ${kind}, p50 / p99 of ${single.length}`,
      value: of(single),
      goal: "p99 under 100 ms",
      reached: quantile(single, 0.99) < 100,
    },
  ];
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
