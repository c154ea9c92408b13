import { UserError } from "../../lib/errors";
import { Driver } from "../../lib/jobspec";
import { ExecutionLostError, NomadExecutor } from "../../lib/pools";
import { SCOPES } from "../../lib/service";
import { clusterForSuite } from "../support/cluster";
import { BarePaths, withPath } from "../support/bare-node";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { nap, processesWith } from "../support/processes";
import { until } from "../support/until";
import { smallPool } from "../support/warm-pools";
import { waitingJob } from "../support/waiting-job";

const SIZE = 2;
const cluster = clusterForSuite();
const paths = new BarePaths();
const tokens = new TokenFile();
const root = tokens.add("root", ...SCOPES);
const services: ServiceProcess[] = [];
afterAll(async () => {
  for (const service of services) await service.kill();
  tokens.remove();
  paths.remove();
}, 30_000);

/** What the documents ask for, and what these tests' own commands use; neither unshare nor timeout. */
const ASKED = ["grep", "sleep", "head", "cat", "mkdir", "chmod", "rm", "tail"];
const USED = ["env", "ls", "nohup", "setsid"];

async function start(): Promise<ServiceProcess> {
  const service = await ServiceProcess.ofPool("warm-pool-openai", tokens, cluster.environment);
  services.push(service);
  return service;
}

test("a command of a manager that is killed ends with its container, also where no namespace held it together", async () => {
  const job = smallPool({ size: SIZE });
  await cluster.nomad.register(withPath(job, paths.folder("asked", [...ASKED, ...USED])));
  const [one] = await Promise.all([start(), start()]);
  const client = one.client(root);
  const held = await client.claim({ pool: job.pool, wait: 30_000, ttl: 5000 });
  const seconds = nap();
  const left = () => processesWith(`sleep ${seconds}`).length;
  const running = (async () => {
    // What clears its environment as well is held together by a namespace alone, as the documents say.
    const command = `trap '' TERM INT HUP; sleep ${seconds} & setsid sleep ${seconds} & (nohup setsid sleep ${seconds} >&2 &); sleep ${seconds}`;
    for await (const event of client.execute(held, { command }, new AbortController().signal))
      if (event.type === "error") return;
  })().catch(() => undefined);
  await until("that it runs", () => left() >= 4);
  await one.kill();
  await running;
  await until("that its container is replaced", async () => {
    const all = await cluster.nomad.allocations(job.id);
    return all.some(({ ID, ClientStatus }) => ID === held.id && ClientStatus === "complete");
  });
  await until("the end of all that it began", () => left() === 0);
  expect(left()).toBe(0);
}, 120_000);

test("a place without the programs that end processes runs nothing, says what is missing, and is not called clean", async () => {
  const args = ["-c", "while :; do /bin/sleep 1000; done"];
  const job = waitingJob("bare", Driver.rawExec({ command: "/bin/sh", args }));
  await cluster.nomad.register(withPath(job, paths.folder("nothing", ["cat", "head", "mkdir"])));
  let allocation = "";
  await until("its task", async () => {
    const found = (await cluster.nomad.allocations("bare")).find(({ ClientStatus }) => ClientStatus === "running");
    return (allocation = found?.ID ?? "") !== "";
  });
  const place = { allocation, task: "t", isolation: "none" } as const;
  const executor = new NomadExecutor(cluster.nomad);
  const seconds = nap();
  const running = executor.execute(place, `/bin/sleep ${seconds} & exec /bin/sleep ${seconds}`, { timeout: 1500 });
  const error = await running.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain("has no program grep on its PATH");
  expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  await expect(executor.wipe(place)).rejects.toThrow(ExecutionLostError);
}, 60_000);
