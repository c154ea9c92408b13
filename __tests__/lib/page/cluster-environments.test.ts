import { Masking } from "../../../lib/masking";
import type { ConsulClient } from "../../../lib/nomad";
import { clusterEnvironments } from "../../../lib/page";
import { HttpProblem } from "../../../lib/service";
import { layOut } from "../../../lib/stack-record";
import { RecordServers } from "../../support/record-store";
import { until } from "../../support/until";

test("a page that goes away while the records are asked for is told nothing more, and nothing is followed for it", async () => {
  const servers = new RecordServers();
  const lists = { variables: {}, defaults: {}, environmentVariables: {}, jobs: [{ id: "web" }], consul: [] };
  for (const { path, value } of layOut({ project: "shop", environment: "dev", owner: "cdk-nomad", ...lists }))
    servers.put("consul", path, JSON.stringify(value));
  const { nomad, consul } = servers.clients;
  let asked = 0;
  let gate = Promise.resolve();
  const slow = Object.assign(Object.create(consul) as ConsulClient, {
    values: async (prefix: string) => {
      asked += 1;
      await gate;
      return consul.values(prefix);
    },
  });
  let time = 0;
  const options = { masking: new Masking(), now: () => (time += 10_000), onTrouble: () => undefined, again: 20 };
  const page = clusterEnvironments({ nomad: Object.assign(nomad, { where: () => nomad }), consul: slow, ...options });
  const told: string[] = [];
  const stop = await page.follow("shop.dev", {
    onJobs: (keys) => void told.push(...keys),
    onJob: (key) => void told.push(key),
    onTrouble: (message) => void told.push(message ?? ""),
  });
  expect(told).toContain("//web");
  let release = (): void => undefined;
  gate = new Promise((resolve) => (release = resolve));
  const before = asked;
  await until("the records are asked for again", () => asked > before);
  stop();
  const heard = told.length;
  release();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(told.length).toBe(heard);
  await page.close();
});

test("what stood in the way of knowing which jobs there are is taken back once the records answer again", async () => {
  const servers = new RecordServers();
  const lists = { variables: {}, defaults: {}, environmentVariables: {}, jobs: [{ id: "web" }], consul: [] };
  for (const { path, value } of layOut({ project: "shop", environment: "dev", owner: "cdk-nomad", ...lists }))
    servers.put("consul", path, JSON.stringify(value));
  const { nomad, consul } = servers.clients;
  let time = 0;
  const options = { masking: new Masking(), now: () => (time += 10_000), onTrouble: () => undefined, again: 20 };
  const page = clusterEnvironments({ nomad: Object.assign(nomad, { where: () => nomad }), consul, ...options });
  const told: (string | undefined)[] = [];
  const stop = await page.follow("shop.dev", {
    onJobs: () => undefined,
    onJob: () => undefined,
    onTrouble: (message) => void told.push(message),
  });
  servers.refuse.consul = new Error("it said nothing for 12 s");
  await until("the page is told what stands in the way", () => told.some((message) => message !== undefined));
  delete servers.refuse.consul;
  await until("it is taken back", () => told.at(-1) === undefined);
  const heard = told.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told.length).toBe(heard);
  stop();
  await page.close();
});

test("a job is told by the key that the list of jobs has, also where a mark in its id reads as a secret", async () => {
  const servers = new RecordServers();
  const jobs = ["web", "warm-pool-openai-39f6cbe4", "browser-vm-ready-0-10b3c67069f5"].map((id) => ({ id }));
  const lists = { variables: {}, defaults: {}, environmentVariables: {}, jobs, consul: [] };
  for (const { path, value } of layOut({ project: "shop", environment: "dev", owner: "cdk-nomad", ...lists }))
    servers.put("consul", path, JSON.stringify(value));
  const { nomad, consul } = servers.clients;
  const silent = { job: () => Promise.resolve(undefined), where: () => nomad };
  const options = { masking: new Masking(), now: () => performance.now(), onTrouble: () => undefined };
  const page = clusterEnvironments({ nomad: Object.assign(nomad, silent), consul, ...options });
  const keys = jobs.map(({ id }) => `//${id}`).sort();
  const told = new Map<string, string>();
  const stop = await page.follow("shop.dev", {
    onJobs: (all) => expect([...all].sort()).toEqual(keys),
    onJob: (key, job) => void told.set(key, job.key),
    onTrouble: () => undefined,
  });
  await until("every job is told", () => told.size === keys.length);
  stop();
  expect([...told.values()].sort()).toEqual(keys);
  expect((await page.status("shop.dev")).map(({ key }) => key).sort()).toEqual(keys);
  await page.close();
});

test.each(["consul", "nomad"] as const)(
  "while records in %s cannot be read, no environment is called absent or never deployed",
  async (store) => {
    const servers = new RecordServers();
    const { nomad, consul } = servers.clients;
    servers.refuse[store] = new Error("it said nothing for 12 s");
    const page = clusterEnvironments({
      nomad,
      consul,
      masking: new Masking(),
      program: { project: "shop", names: () => Promise.resolve(["dev"]), drift: () => Promise.reject(new Error()) },
      now: () => performance.now(),
      onTrouble: () => undefined,
    });
    const [listed, status] = await Promise.all([page.list(), page.status("shop.dev").catch((error: unknown) => error)]);
    await page.close();
    expect(listed.unread).toEqual([expect.stringContaining("said nothing")]);
    expect(listed.environments).toEqual([
      { id: "shop.dev", project: "shop", environment: "dev", jobs: 0, program: true },
    ]);
    expect(status).toBeInstanceOf(HttpProblem);
    expect((status as HttpProblem).code).toBe("unavailable");
  },
);
