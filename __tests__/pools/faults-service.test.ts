import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import { apiPath, type JobJson } from "../../lib/nomad";
import { WarmPoolJob } from "../../lib/pools";
import { SCOPES, type ServiceClient } from "../../lib/service";
import { clusterForSuite } from "../support/cluster";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { forksAway, machineProcesses, nap, processesWith } from "../support/processes";
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
  const service = await ServiceProcess.ofPool(POOL, tokens, cluster.environment, "--log-level", "debug", ...args);
  running.push(service);
  return service;
}

beforeAll(async () => {
  const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(32) });
  const job = new WarmPoolJob({
    provider: "openai",
    size: SIZE,
    execution: { kind: "raw_exec" },
    sharedWithoutIsolation: true,
    resources,
  });
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
  // Which of the two was ready first is chance.
  running.splice(running.indexOf(one), 1);
  for (const { ended } of commands) expect(String(await ended)).toMatch(/went away|does not answer|terminated/);
  // Nobody renews these leases any more.
  await until("that they are over", async () => (await figures(two)).leased === 1, 30_000);
  await until("that what they ran is gone", () => commands.every(({ left }) => left() === 0), 10_000);
  expect(other.left()).toBeGreaterThan(0);
  await two.client(ann).release(held[1]);
  await until("that all is as before", async () => (await figures(two)).free === SIZE, 30_000);
  expect(other.left()).toBe(0);
}, 120_000);

test("25 keys by every road stand in no job, log, answer, key, argument or file", async () => {
  const service = running[0] ?? (await start());
  const key = (
    (count) => () =>
      `planted${(count += 1)}x${randomBytes(12).toString("hex")}`
  )(0);
  const answers: string[] = [];
  const post = async (path: string, body: object | string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${service.address}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ann}`, "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, text };
  };
  // Commands that have their keys, and tell nobody.
  const seconds = `6.${nap()}`;
  const command = `cat >/dev/null; exec sleep ${seconds}`;
  const given = () => ({ command, env: { [`A_${key()}`]: key() }, stdin: key() });
  const execute = { userId: "ann", provider: "openai", ...given(), credentials: { OPENAI_API_KEY: key() } };
  const cold = { userId: "ann", provider: "anthropic", ...given(), credentials: { ANTHROPIC_API_KEY: key() } };
  const held = await service.client(ann).claim({ pool: POOL, wait: 30_000 });
  const inside = { generation: held.generation, ...given(), secrets: { TOKEN: key(), OTHER: key() } };
  const roads = [
    post("/api/execute", { ...execute, wait: 30_000 }),
    post("/api/execute", cold),
    post(`/api/containers/${held.id}/execute`, inside),
  ];
  await until("that they run", () => processesWith(`sleep ${seconds}`).length >= 3);
  // What is refused repeats nothing of what was sent.
  const refused = [
    await post(`/api/execute?token=${key()}`, { ...execute, provider: key() }),
    await post("/api/execute", { ...execute, [key()]: "x" }),
    await post("/api/execute", { ...execute, env: { [`${key()}-`]: key() } }),
    await post("/api/execute", { ...execute, credentials: { KEY: `${key()}\0` } }),
    await post("/api/execute", `{"credentials": {"KEY": "${key()}`),
    await post("/api/execute", execute, { authorization: `Bearer ${key()}` }),
    await post("/api/containers", { pool: key() }),
    await post(`/api/containers/${key()}/execute`, { command: "true", generation: 1 }),
    await post(`/api/containers/${held.id}/renew`, {}, { "lease-generation": key() }),
    await post(`/api/pools/${key()}/drain`, {}, { authorization: `Bearer ${root}` }),
    await post(`/${key()}`, {}, { [`x-${key()}`]: key(), cookie: key() }),
  ];
  expect(refused.filter(({ status }) => status < 400)).toEqual([]);
  const metrics = await fetch(`${service.address}/metrics`, { headers: { authorization: `Bearer ${ann}` } });
  answers.push(...refused.map(({ text }) => text), await metrics.text(), service.said);
  const { nomad, consul, project } = cluster;
  const any = v.unknown() as v.GenericSchema<unknown>;
  const lists = [apiPath`/v1/jobs`, apiPath`/v1/allocations`, apiPath`/v1/evaluations`, apiPath`/v1/vars`];
  for (const path of lists) answers.push(JSON.stringify(await nomad.http.get(path, any)));
  for (const { ID } of await nomad.jobs()) answers.push(JSON.stringify(await nomad.job(ID)));
  for (const { ID } of await nomad.allAllocations())
    answers.push(JSON.stringify(await nomad.http.get(apiPath`/v1/allocation/${ID}`, any)));
  answers.push(JSON.stringify([...(await consul.values("pools/")).entries()]));
  answers.push(...machineProcesses().map((process) => process.command));
  const PLANTED = /planted\d+x[0-9a-f]{24}/;
  expect(answers.filter((text) => PLANTED.test(text)).map((text) => text.slice(0, 300))).toEqual([]);
  const files = () =>
    execFileSync("/bin/sh", ["-c", `grep -rlaE 'planted[0-9]+x[0-9a-f]{24}' "${project.folder}" || true`]).toString();
  expect(files()).toBe("");
  const results = await Promise.all(roads);
  expect(results.map(({ status }) => status)).toEqual([200, 200, 200]);
  await service.client(ann).release(held);
  expect(results.some(({ text }) => PLANTED.test(text))).toBe(false);
  expect(PLANTED.test(service.said)).toBe(false);
  expect(files()).toBe("");
  expect(Number(key().match(/\d+/)?.[0])).toBeGreaterThan(25);
}, 90_000);
