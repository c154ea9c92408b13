import { setTimeout as sleep } from "node:timers/promises";
import type { TestCluster } from "../../__tests__/support/cluster";
import { Cpu, Driver, Job, LogConfig, Memory, Resources, Task, TaskGroup, Update } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { isolationOf, NomadExecutor, type Place } from "../../lib/pools";
import type { Figure } from "../synthesis";
import { figure, milliseconds, percentiles } from "./figures";

const PLACES = 30;
const BURST = 100;
const PER_SECOND = 100;
const COMMAND = 'test "$SECRET" && echo ready';
const OPTIONS = { env: { MODE: "fast" }, secrets: { SECRET: "of the caller" } };
const SLEEPER = { command: "/bin/sh", args: ["-c", "while :; do sleep 1000; done"] };

/**
 * How long a command takes with its environment and secrets, from being asked for to its complete result, in tasks that wait; and beside it
 * in the same run a batch job that is registered for the same command.
 *
 * @param count of commands one after another
 * @param seconds of commands at a steady pace
 */
export async function measureExecutions(cluster: TestCluster, count = 1000, seconds = 60): Promise<readonly Figure[]> {
  const executor = new NomadExecutor(cluster.nomad);
  const timed = async (place: Place) => {
    const { duration, stdout } = await executor.execute(place, COMMAND, OPTIONS);
    if (stdout !== "ready\n") throw new Error(`a command wrote ${JSON.stringify(stdout)}`);
    return duration;
  };
  const raw = await placesOf(cluster, "bench-raw", Driver.rawExec(SLEEPER), PLACES);
  const roots = await placesOf(cluster, "bench-exec", Driver.exec(SLEEPER), 3);
  for (const place of [...raw, ...roots]) await timed(place);

  const oneByOne = async (places: readonly Place[], times: number) => {
    const all: number[] = [];
    for (let turn = 0; turn < times; turn += 1) all.push(await timed(places[turn % places.length] as Place));
    return percentiles(all);
  };
  const one = await oneByOne(raw, count);
  const root = await oneByOne(roots, Math.ceil(count / 4));
  const cold = await coldTimes(cluster, 5);

  const bursts: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const began = performance.now();
    await Promise.all(
      Array.from({ length: BURST }, async (_, index) => {
        await timed(raw[index % PLACES] as Place);
        bursts.push(performance.now() - began);
      }),
    );
  }
  const burst = percentiles(bursts);

  const steady: Promise<number>[] = [];
  for (let began = performance.now(), sent = 0; sent < seconds * PER_SECOND; sent += 1) {
    const due = began + (sent * 1000) / PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    steady.push(timed(raw[sent % PLACES] as Place));
  }
  const sustained = percentiles(await Promise.all(steady));
  await cluster.purge();

  console.log(`  raw_exec, one after another: ${words(one)}; exec driver: ${words(root)}`);
  console.log(
    `  burst of ${BURST} over ${PLACES}: ${words(burst)}; ${PER_SECOND} a second for ${seconds} s: ${words(sustained)}`,
  );
  console.log(`  a new batch job to its complete output: ${words(cold)}`);
  return [
    figure("command with env and secrets, raw_exec, p50", one.p50, 10, milliseconds),
    figure("command with env and secrets, raw_exec, p99", one.p99, 50, milliseconds),
    figure("command with env and secrets, exec driver, p50", root.p50, 60, milliseconds),
    figure("command with env and secrets, exec driver, p99", root.p99, 150, milliseconds),
    figure(`burst of ${BURST} commands over ${PLACES} places, p99`, burst.p99, 1000, milliseconds),
    figure(`${PER_SECOND} commands a second for ${seconds} s, p99`, sustained.p99, 100, milliseconds),
    {
      what: "a new batch job to its complete output, beside a command in a place",
      value: `${(cold.p50 / one.p50).toFixed(0)} times slower`,
      goal: "at least 50 times",
      reached: cold.p50 / one.p50 >= 50,
    },
  ];
}

function words({ count, p50, p99 }: ReturnType<typeof percentiles>): string {
  return `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)} (${count})`;
}

function jobOf(id: string, type: "service" | "batch", driver: Driver, count: number): Job {
  const task = new Task({
    name: "t",
    driver,
    resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(driver.name === "exec" ? 64 : 20) }),
    logs: new LogConfig({ maxFiles: 1, maxFileSize: Memory.mebibytes(10) }),
  });
  const update = type === "service" ? { update: new Update({ maxParallel: 0 }) } : {};
  return new Job({ id, type, ...update, groups: [new TaskGroup({ name: "g", count, tasks: [task] })] });
}

async function placesOf(cluster: TestCluster, id: string, driver: Driver, count: number): Promise<readonly Place[]> {
  await cluster.nomad.register(jobOf(id, "service", driver, count).toApi().Job as JobJson);
  for (;;) {
    const running = (await cluster.nomad.allocations(id)).filter(({ ClientStatus }) => ClientStatus === "running");
    if (running.length >= count)
      return running.map(({ ID }) => ({ allocation: ID, task: "t", isolation: isolationOf(driver.name) }));
    await sleep(200);
  }
}

/** From registering a batch job to its complete output. */
async function coldTimes(cluster: TestCluster, count: number) {
  const times: number[] = [];
  const driver = Driver.rawExec({ command: "/bin/sh", args: ["-c", "echo ready"] });
  for (let turn = 0; turn < count; turn += 1) {
    const id = `bench-cold-${turn}`;
    const began = performance.now();
    await cluster.nomad.register(jobOf(id, "batch", driver, 1).toApi().Job as JobJson);
    for (let text = ""; text !== "ready\n";) {
      const [found] = await cluster.nomad.allocations(id);
      if (found?.ClientStatus === "complete") {
        text = "";
        for await (const chunk of cluster.nomad.logs(found.ID, "t", { stream: "stdout" }))
          text += Buffer.from(chunk).toString();
      } else await sleep(5);
    }
    times.push(performance.now() - began);
  }
  return percentiles(times);
}
