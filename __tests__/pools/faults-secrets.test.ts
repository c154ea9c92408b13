import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { apiPath, consulConnection } from "../../lib/nomad";
import { allocationOf, ConsulStore, LeaseEndedError, SlotPool } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { machineProcesses } from "../support/processes";
import { Bundles, RealSandboxes } from "../support/sandboxes";
import { SlotWorkers } from "../support/slot-workers";
import { until } from "../support/until";

const cluster = clusterForSuite();
const bundles = new Bundles();
const sandboxes = new RealSandboxes(bundles);
let pool: SlotPool;

beforeAll(async () => {
  await cluster.nomad.register(sandboxes.job({ id: "secrets", count: 1, min: 1, max: 1, slots: 4 }));
  pool = new SlotPool({
    nomad: cluster.nomad,
    store: new ConsulStore(consulConnection(cluster.environment)),
    job: "secrets",
    token: sandboxes.token,
    checkInterval: 500,
  });
  await pool.start();
}, 60_000);
afterAll(async () => {
  await pool.stop();
  bundles.remove();
}, 30_000);

test("25 planted keys stand in no job, log, answer, key, argument, or file", async () => {
  const keys = Array.from({ length: 25 }, (_, number) => `planted${number}x${randomBytes(12).toString("hex")}`);
  const handle = await pool.acquire("keeper");
  const secrets = Object.fromEntries(keys.map((key, number) => [`KEY_${number}`, key]));
  const running = pool.execute(handle, "echo $KEY_0; exec sleep 6", { secrets });
  await until("the command", () => machineProcesses().some(({ environment }) => environment.includes(keys[24] ?? "-")));
  const { nomad, consul, project } = cluster;
  const answers = await Promise.all(
    [apiPath`/v1/jobs`, apiPath`/v1/job/${"secrets"}`, apiPath`/v1/allocations`, apiPath`/v1/evaluations`].map((path) =>
      nomad.http.get(path, v.unknown() as v.GenericSchema<unknown>),
    ),
  );
  const whole = await nomad.http.get(
    apiPath`/v1/allocation/${allocationOf(handle.lease)}`,
    v.unknown() as v.GenericSchema<unknown>,
  );
  const kept = [...(await consul.values("pools/")).values()].map(({ value }) => value);
  const commands = machineProcesses().map(({ command }) => command);
  const seen = JSON.stringify([answers, whole, kept, commands]);
  expect(keys.filter((key) => seen.includes(key))).toEqual([]);
  // Logs of the agents and of the task, data of Nomad and Consul, the slot's own folders: files of the cluster, every one.
  const found = (folder: string) =>
    execFileSync("/bin/sh", ["-c", `grep -rlaE 'planted[0-9]+x[0-9a-f]{24}' "${folder}" || true`]).toString();
  expect(found(project.folder)).toBe("");
  expect((await running).stdout).toBe(`${keys[0]}\n`);
  expect(found(project.folder)).toBe("");
  await pool.release(handle);
}, 60_000);

test("a manager whose clock stands still loses its lease to others, and reaches nothing when it goes on", async () => {
  const workers = new SlotWorkers(bundles, {
    token: sandboxes.token,
    environment: cluster.environment,
    job: "secrets",
    callers: 4,
    claims: 4,
    command: "touch mine; sleep 8; touch late",
    timeout: 20_000,
  });
  try {
    const name = workers.start();
    await until(
      "that it has every slot",
      () => workers.lines(name).filter(({ kind }) => kind === "claimed").length === 4,
    );
    workers.signal(name, "SIGSTOP");
    const handle = await pool.acquire("next", { timeout: 20_000 });
    expect((await pool.execute(handle, "ls -A")).stdout).toBe("");
    workers.signal(name, "SIGCONT");
    await until("that it is told", () => workers.lines(name).filter(({ kind }) => kind === "ended").length === 4);
    const names = workers.lines(name).flatMap((line) => (line.kind === "ended" ? [line.name] : []));
    expect(new Set(names)).toEqual(new Set([LeaseEndedError.name]));
    expect((await pool.execute(handle, "ls -A")).stdout).toBe("");
    await pool.release(handle);
  } finally {
    await workers.close();
  }
}, 90_000);
