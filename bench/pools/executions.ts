import { setTimeout as sleep } from "node:timers/promises";
import type { TestCluster } from "../../__tests__/support/cluster";
import { Cpu, Driver, Job, LogConfig, Memory, Resources, Task, TaskGroup, Update } from "../../lib/jobspec";
import { consulConnection, type JobJson } from "../../lib/nomad";
import { ConsulStore, isolationOf, LeaseBook, NomadExecutor, type Place, type Store } from "../../lib/pools";
import type { Figure } from "../synthesis";
import { figure, milliseconds, percentiles, type Percentiles } from "./figures";

const PLACES = 30;
const BURST = 100;
const PER_SECOND = 100;
/** Jobs of their own, each kind: they take a second each. */
const COLD = 20;
const COMMAND = 'test "$SECRET" && echo ready';
const OPTIONS = { env: { MODE: "fast" }, secrets: { SECRET: "of the caller" } };
const SLEEPER = { command: "/bin/sh", args: ["-c", "while :; do sleep 1000; done"] };

/**
 * How long a command takes with its environment and secrets, from the claim of a place to its complete result, in tasks that wait; and beside it
 * in the same run a batch job that is registered, and one that is dispatched, for the same command.
 *
 * @param count of commands one after another
 * @param seconds of commands at a steady pace
 */
export async function measureExecutions(cluster: TestCluster, count = 1000, seconds = 60): Promise<readonly Figure[]> {
  const executor = new NomadExecutor(cluster.nomad);
  const store = new ConsulStore(consulConnection(cluster.environment));
  const raw = await placesOf(cluster, "bench-raw", Driver.rawExec(SLEEPER), PLACES);
  const roots = await placesOf(cluster, "bench-exec", Driver.exec(SLEEPER), 3);
  // A command in a place learns how it holds processes together: that is not what is measured.
  for (const place of [...raw, ...roots]) await executor.execute(place, COMMAND, OPTIONS);
  const rawPlaces = await Leased.of("bench-raw", store, executor, raw);
  const rootPlaces = await Leased.of("bench-exec", store, executor, roots);

  const oneByOne = async (places: Leased, times: number) => {
    const all: number[] = [];
    for (let turn = 0; turn < times; turn += 1) all.push(await places.timed());
    return percentiles(all);
  };
  const one = await oneByOne(rawPlaces, count);
  const root = await oneByOne(rootPlaces, count);
  const first = await firstOutputs(executor, raw, Math.ceil(count / 10));
  const job = await coldTimes(cluster, "a new batch job", newJob, COLD);
  await cluster.nomad.register({ ...batchJob("bench-dispatched"), ParameterizedJob: { Payload: "forbidden" } });
  const dispatch = await coldTimes(cluster, "a dispatch", dispatched, COLD);

  const bursts: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    bursts.push(...(await Promise.all(Array.from({ length: BURST }, () => rawPlaces.timed()))));
  }
  const burst = percentiles(bursts);

  const steady: Promise<number>[] = [];
  for (let began = performance.now(), sent = 0; sent < seconds * PER_SECOND; sent += 1) {
    const due = began + (sent * 1000) / PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    steady.push(rawPlaces.timed());
  }
  const sustained = percentiles(await Promise.all(steady));
  for (const places of [rawPlaces, rootPlaces]) await places.close();
  await store.close();
  await cluster.purge();

  console.log(`  raw_exec, one after another: ${words(one)}; exec driver: ${words(root)}`);
  console.log(
    `  burst of ${BURST} over ${PLACES}: ${words(burst)}; ${PER_SECOND} a second for ${seconds} s: ${words(sustained)}`,
  );
  console.log(`  first output in a place: ${words(first)}`);
  for (const { name, complete, output } of [job, dispatch])
    console.log(`  ${name} to its first output: ${words(output)}; to its complete output: ${words(complete)}`);
  return [
    figure("claim to result with env and secrets, raw_exec, p50", one.p50, 10, milliseconds),
    figure("claim to result with env and secrets, raw_exec, p99", one.p99, 50, milliseconds),
    figure("claim to result with env and secrets, exec driver, p50", root.p50, 60, milliseconds),
    figure("claim to result with env and secrets, exec driver, p99", root.p99, 150, milliseconds),
    figure(`burst of ${BURST} commands over ${PLACES} places, p99`, burst.p99, 1000, milliseconds),
    figure(`${PER_SECOND} commands a second for ${seconds} s, p99`, sustained.p99, 100, milliseconds),
    ...[job, dispatch].flatMap(({ name, complete, output }) => [
      timesSlower(`${name} to its complete output, beside a command in a place`, complete.p50 / one.p50, 50),
      timesSlower(`${name} to its first output, beside a command in a place`, output.p50 / first.p50, 10),
    ]),
  ];
}

/** Places that are leased for one command after another. */
class Leased {
  private constructor(
    private readonly book: LeaseBook,
    private readonly executor: NomadExecutor,
    private readonly places: ReadonlyMap<string, Place>,
  ) {}

  static async of(pool: string, store: Store, executor: NomadExecutor, places: readonly Place[]): Promise<Leased> {
    const byName = new Map(places.map((place) => [place.allocation, place]));
    const end = () => Promise.resolve("free" as const);
    const book = new LeaseBook({ store, pool, candidates: () => byName.keys(), end });
    await book.start();
    return new Leased(book, executor, byName);
  }

  /** Leases a place and runs a command there. @returns the time until its result is there, in milliseconds */
  async timed(): Promise<number> {
    const began = performance.now();
    const lease = await this.book.claim({ owner: "bench" });
    const { stdout } = await this.executor.execute(this.places.get(lease.slot) as Place, COMMAND, OPTIONS);
    const time = performance.now() - began;
    await this.book.release(lease, { end: false });
    if (stdout !== "ready\n") throw new Error(`a command wrote ${JSON.stringify(stdout)}`);
    return time;
  }

  async close(): Promise<void> {
    await this.book.stop();
  }
}

function words({ count, p50, p99 }: Percentiles): string {
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

/** From asking for a command to the first of what it writes. */
async function firstOutputs(executor: NomadExecutor, places: readonly Place[], count: number): Promise<Percentiles> {
  const times: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const began = performance.now();
    let first: number | undefined;
    const onStdout = () => void (first ??= performance.now() - began);
    await executor.execute(places[turn % places.length] as Place, COMMAND, { ...OPTIONS, onStdout });
    times.push(first ?? NaN);
  }
  return percentiles(times);
}

interface Cold {
  readonly name: string;
  readonly output: Percentiles;
  readonly complete: Percentiles;
}

const batchJob = (id: string): JobJson =>
  jobOf(id, "batch", Driver.rawExec({ command: "/bin/sh", args: ["-c", "echo ready"] }), 1).toApi().Job as JobJson;

async function newJob({ nomad }: TestCluster, turn: number): Promise<string> {
  const id = `bench-cold-${turn}`;
  await nomad.register(batchJob(id));
  return id;
}

async function dispatched(cluster: TestCluster): Promise<string> {
  const answer = await cluster.ask("nomad", "/v1/job/bench-dispatched/dispatch", { method: "POST", body: "{}" });
  return ((await answer.json()) as { readonly DispatchedJobID: string }).DispatchedJobID;
}

/** From asking for a job to the first of its output, and to the whole of it with the end of the job. */
async function coldTimes(
  cluster: TestCluster,
  name: string,
  start: (cluster: TestCluster, turn: number) => Promise<string>,
  count: number,
): Promise<Cold> {
  const output: number[] = [];
  const complete: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const began = performance.now();
    const id = await start(cluster, turn);
    for (let isFirst = true; ;) {
      const [found] = await cluster.nomad.allocations(id);
      const isOver = found?.ClientStatus === "complete";
      if (found && (isFirst || isOver)) {
        const text = await written(cluster, found.ID);
        if (text !== "" && isFirst) {
          output.push(performance.now() - began);
          isFirst = false;
        }
        if (isOver && text === "ready\n") break;
      }
      await sleep(5);
    }
    complete.push(performance.now() - began);
  }
  return { name, output: percentiles(output), complete: percentiles(complete) };
}

/** What a task has written so far; nothing, where it has not begun. */
async function written({ nomad }: TestCluster, allocation: string): Promise<string> {
  let text = "";
  try {
    for await (const chunk of nomad.logs(allocation, "t", { stream: "stdout" })) text += Buffer.from(chunk).toString();
  } catch {
    // There is no file yet.
  }
  return text;
}

function timesSlower(what: string, times: number, least: number): Figure {
  return { what, value: `${times.toFixed(0)} times slower`, goal: `at least ${least} times`, reached: times >= least };
}
