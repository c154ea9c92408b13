import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureServiceToken, serviceAddress } from "../../lib/cli/service-tokens";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { SERVICE_TOKENS, WarmPoolJob } from "../../lib/pools";
import { SCOPES, ServiceRefusal, type RunEvent, type ServiceClient, type ServedContainer } from "../../lib/service";
import { clusterForSuite } from "../support/cluster";
import { leaseIn, read, ServiceProcess, TokenFile } from "../support/pool-service";
import { nap } from "../support/processes";
import { cli } from "../support/run-cli";
import { SynthesizedProject } from "../support/synthesized";
import { until } from "../support/until";

const POOL = "warm-pool-openai";
const SIZE = 4;
/** Ends what hangs; it is no measure of how fast something is. In milliseconds. */
const LIMIT = 180_000;
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

const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(32) });
const openai = new WarmPoolJob({
  provider: "openai",
  size: SIZE,
  execution: { kind: "raw_exec" },
  sharedWithoutIsolation: true,
  resources,
});

beforeAll(async () => {
  await cluster.nomad.register(openai.toApi().Job as JobJson);
}, LIMIT);
afterAll(async () => {
  for (const service of running) await service.kill();
  tokens.remove();
}, 30_000);

async function claim(client: ServiceClient, more: { readonly ttl?: number } = {}): Promise<ServedContainer> {
  return client.claim({ pool: POOL, wait: 30_000, ...more });
}

async function run(
  client: ServiceClient,
  held: Pick<ServedContainer, "id" | "generation">,
  command: string,
  more = {},
  onEvent: (event: RunEvent) => void = () => undefined,
) {
  const events: RunEvent[] = [];
  for await (const event of client.execute(held, { command, ...more }, never)) {
    events.push(event);
    onEvent(event);
  }
  const text = (type: "stdout" | "stderr") =>
    events.flatMap((each) => (each.type === type ? [each.data] : [])).join("");
  return { stdout: text("stdout"), stderr: text("stderr"), end: events.at(-1) };
}

async function post(service: ServiceProcess, token: string, path: string, body: object, signal?: AbortSignal) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${service.address}${path}`, {
    method: "POST",
    headers,
    signal,
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

test(
  "a container is claimed, runs commands with their environment and secrets, and is released",
  async () => {
    const service = await start();
    const client = service.client(ann);
    const held = await claim(client);
    expect(held).toMatchObject({ pool: POOL, owner: "ann", generation: 1, isolation: "none" });
    const said = await run(client, held, 'echo "$A $KEY"; echo wrong >&2; exit 3', {
      env: { A: "a b" },
      secrets: { KEY: "s'e c" },
    });
    expect(said).toMatchObject({
      stdout: "a b s'e c\n",
      stderr: "wrong\n",
      end: { type: "exit", exitCode: 3, isolation: "none" },
    });
    await client.release(held);
    const over = run(client, held, "id");
    await expect(over).rejects.toThrow(ServiceRefusal);
    // Its container is replaced, and nobody else gets what was used.
    const next = await claim(client);
    expect(next.id).not.toBe(held.id);
    await client.release(next);
  },
  LIMIT,
);

test(
  "a command for a user runs warm, and cold where no container is free",
  async () => {
    const service = running[0] as ServiceProcess;
    const client = service.client(ann);
    const command = {
      userId: "ann",
      provider: "openai",
      command: 'echo "$OPENAI_API_KEY"',
      credentials: { OPENAI_API_KEY: "key-of-ann" },
    };
    await until("a container is free", async () => {
      const { body } = await post(service, ann, "/api/execute", command);
      return body.warm === true && body.stdout === "key-of-ann\n" && body.success === true;
    });
    const held: ServedContainer[] = [];
    for (let count = 0; count < SIZE; count += 1) held.push(await claim(client));
    const cold = await post(service, ann, "/api/execute", command);
    expect(cold).toMatchObject({ status: 200, body: { warm: false, success: true, stdout: "key-of-ann\n" } });
    // All of its output is streamed to who wants it so, also more than a result keeps.
    const long = await fetch(`${service.address}/api/execute`, {
      method: "POST",
      headers: { authorization: `Bearer ${ann}`, "content-type": "application/json", accept: "application/x-ndjson" },
      body: JSON.stringify({ ...command, command: "head -c 3000000 /dev/zero | tr '\\0' x; exit 3" }),
    });
    const events = (await long.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as RunEvent);
    expect(events.reduce((size, event) => size + (event.type === "stdout" ? event.data.length : 0), 0)).toBe(3_000_000);
    expect(events.at(-1)).toMatchObject({ type: "exit", exitCode: 3, warm: false, truncated: false });
    // What was started for it is taken away.
    await until("the job is gone", async () => (await cluster.nomad.job(String(cold.body.containerId))) === undefined);
    const busy = await post(service, ann, "/api/containers", { pool: POOL });
    expect(busy).toMatchObject({ status: 429, body: { code: "pool-busy" } });
    expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(0);
    for (const each of held) await client.release(each);
  },
  LIMIT,
);

test(
  "a user's next command finds the container of the one before, empty, where the pool is for reuse",
  async () => {
    const service = await start("--reuse", "same-owner");
    const run = (userId: string, command: string) =>
      post(service, root, "/api/execute", { userId, provider: "openai", command, wait: userId === "bob" ? 30_000 : 0 });
    const first = await run("bob", "echo of-bob > file; ls");
    expect(first.body).toMatchObject({ warm: true, stdout: "file\n" });
    // It comes before the container is empty, and waits for that, but for half a second only: on a busy machine it may be given another one. What was left is
    // gone in either case.
    const had = new Set([first.body.containerId]);
    await until("a container is found again", async () => {
      const { body } = await run("bob", "ls; echo of-bob > file");
      expect(body).toMatchObject({ warm: true, stdout: "" });
      const isFoundAgain = had.has(body.containerId);
      had.add(body.containerId);
      return isFoundAgain;
    });
    // Two at once, of which each waits for the other one, have a container each, and another user has neither of them.
    const met = mkdtempSync(join(tmpdir(), "cdk-nomad-met-"));
    const meet = (name: string) =>
      run("bob", `touch ${met}/${name}; until [ -e ${met}/a -a -e ${met}/b ]; do sleep 0.1; done`);
    const two = await Promise.all([meet("a"), meet("b")]);
    rmSync(met, { recursive: true });
    expect(two.map(({ body }) => body.exitCode)).toEqual([0, 0]);
    expect(new Set(two.map(({ body }) => body.containerId)).size).toBe(2);
    const other = await post(service, root, "/api/execute", {
      userId: "eve",
      provider: "openai",
      command: "ls",
      wait: 30_000,
    });
    expect(other.body).toMatchObject({ warm: true, stdout: "" });
    expect(two.map(({ body }) => body.containerId)).not.toContain(other.body.containerId);
    expect(await service.stop()).toBe(0);
    running.splice(running.indexOf(service), 1);
  },
  LIMIT,
);

test(
  "whoever does not wait is told at once that nothing is free, however many ask at the same moment",
  async () => {
    const service = running[0] as ServiceProcess;
    const client = service.client(ann);
    const held: ServedContainer[] = [];
    while (held.length < SIZE - 1) held.push(await claim(client, { ttl: 600_000 }));
    const oneIsFree = () =>
      until("one is free", async () => {
        const { body } = await read(service, ann, "/api/pools");
        return (body.pools as readonly { free: number }[])[0]?.free === 1;
      });
    // Nothing comes free while they are asked: whoever waited would never be answered. How long it takes is a figure of `npm run bench -- pools service`.
    await oneIsFree();
    const said = await Promise.all(
      Array.from({ length: 30 }, () => post(service, ann, "/api/containers", { pool: POOL })),
    );
    const [lucky, refused] = [said.filter(({ status }) => status === 201), said.filter(({ status }) => status === 429)];
    expect([lucky.length, refused.length]).toEqual([1, 29]);
    // They are in no queue: what comes free is nobody's who was refused.
    const { body } = await read(service, ann, "/api/pools");
    expect(body.pools).toMatchObject([{ queue: 0 }]);
    for (const { body: claimed } of lucky) await client.release(claimed as unknown as ServedContainer);
    for (const each of held) await client.release(each);
  },
  LIMIT,
);

test(
  "a service that is killed under load loses no lease: one that was started since serves them all",
  async () => {
    const first = running[0] as ServiceProcess;
    const held = [await claim(first.client(ann)), await claim(first.client(ann))];
    let begun = 0;
    const cut = held.map((each) =>
      run(first.client(ann), each, "echo begun; sleep 60", {}, () => (begun += 1)).catch((error: unknown) => error),
    );
    await until("the commands run", () => begun === held.length);
    await first.kill();
    for (const each of await Promise.all(cut)) expect(String(each)).toMatch(/went away|does not answer|terminated/);
    const second = await start();
    const [third] = [await start()];
    // Two at once share the pools: either serves what the other, or none of them, leased.
    for (const service of [second, third])
      for (const each of held)
        expect(await run(service.client(ann), each, "echo again")).toMatchObject({
          stdout: "again\n",
          end: { exitCode: 0 },
        });
    const more = await Promise.all([claim(second.client(ann)), claim(third.client(ann))]);
    expect(new Set([...more, ...held].map(({ id }) => id)).size).toBe(4);
    for (const each of [...more, ...held]) await third.client(ann).release(each);
    // What one service released another sees a moment later; its container is on its way out, and nobody else's, until then.
    await until("that the other refuses it", async () => {
      const stale = run(second.client(ann), held[0] as ServedContainer, "id");
      const error = await stale.then(
        () => undefined,
        (error: unknown) => error,
      );
      return error instanceof ServiceRefusal && /lease-|container-unknown/.test(error.problem.code);
    });
    expect(await third.stop()).toBe(0);
  },
  LIMIT,
);

test(
  "a client that goes away ends its command, and its lease stands",
  async () => {
    const service = running.at(-2) as ServiceProcess;
    const client = service.client(ann);
    const held = await claim(client);
    const gone = new AbortController();
    const [mark, seconds] = [`mark-${held.id.slice(0, 8)}`, nap()];
    const cut = (async () => {
      for await (const event of client.execute(
        held,
        { command: `echo begun; exec -a ${mark} sleep ${seconds} || sleep ${seconds}` },
        gone.signal,
      ))
        if (event.type === "stdout") gone.abort();
    })().catch(() => undefined);
    await cut;
    // The next command of the lease runs, and soon sees nothing of the one before.
    let left = "";
    await until("the command is gone", async () => {
      left = (await run(client, held, `ps ax | grep -c '[s]leep ${seconds}'; true`)).stdout;
      return left.startsWith("0");
    });
    expect(left).toBe("0\n");
    await client.release(held);
  },
  LIMIT,
);

test(
  "hostile ids and commands are data; a stale generation and another's token are refused",
  async () => {
    const service = running.at(-2) as ServiceProcess;
    const client = service.client(root);
    const held = await client.claim({ pool: POOL, owner: "$(id) '\"\n; rm -rf /", wait: 30_000 });
    const hostile = "printf '%s' 'a\nb $(id) `id` \" \u00e9 ${HOME}'";
    expect((await run(client, held, hostile)).stdout).toBe('a\nb $(id) `id` " \u00e9 ${HOME}');
    for (const id of ["../../jobs", "a/b", "%2e%2e", "\u0000", "x".repeat(100)])
      await expect(run(client, { id, generation: 1 }, "id")).rejects.toMatchObject({
        problem: { code: expect.stringMatching(/container-unknown|bad-request/) as string },
      });
    await expect(run(client, { ...held, generation: held.generation + 1 }, "id")).rejects.toMatchObject({
      problem: { code: "lease-stale" },
    });
    await expect(run(service.client(ann), held, "id")).rejects.toMatchObject({
      problem: { code: "container-unknown" },
    });
    await client.release(held);
  },
  LIMIT,
);

test(
  "in the project's folder nobody has to name the embedded cluster's service, nor its token",
  async () => {
    const { folder } = cluster.project;
    ensureServiceToken(folder);
    const port = new URL(serviceAddress(cluster.offset)).port;
    const other = running.at(-2) as ServiceProcess;
    const own = await start("--port", port, "--tokens", join(folder, SERVICE_TOKENS));
    const pool = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
      cli(["pool", ...args], { cwd: folder, env: { PATH: process.env.PATH, NO_COLOR: "1", ...env } });
    const claimed = await pool({}, "claim", POOL, "--wait", "30s");
    expect([claimed.code, claimed.stderr]).toEqual([0, expect.stringContaining("of the embedded cluster")]);
    const { id } = leaseIn(claimed.stdout);
    // What somebody names is asked with what they give, and gets nothing of ours.
    for (const [env, says] of [
      [{ POOL_SERVICE_ADDR: other.address }, "asks for a token, and none is given"],
      [{ POOL_SERVICE_TOKEN: "another" }, "knows no such token"],
      [{ POOL_SERVICE_ADDR: own.address, POOL_SERVICE_TOKEN: "another" }, "knows no such token"],
    ] as const) {
      const refused = await pool({ POOL_SERVICE_ADDR: own.address, ...env }, "release", id);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(says)]);
    }
    expect((await pool({ POOL_SERVICE_ADDR: own.address }, "release", id)).code).toBe(0);
    await (running.pop() as ServiceProcess).kill();
  },
  LIMIT,
);

test(
  "the command line: status without the service; claim, exec, release, drain, fill and recycle by it",
  async () => {
    const service = running.at(-2) as ServiceProcess;
    const env = {
      PATH: process.env.PATH,
      NO_COLOR: "1",
      ...cluster.environment,
      POOL_SERVICE_ADDR: service.address,
      POOL_SERVICE_TOKEN: root,
    };
    const pool = (...args: readonly string[]) => cli(["pool", ...args], { env: { ...env, MY_KEY: "planted-9f3" } });
    const claimed = await pool("claim", POOL, "--owner", "bob", "--wait", "30s");
    expect(claimed).toMatchObject({ code: 0 });
    const { id, generation } = leaseIn(claimed.stdout);
    const ran = await pool(
      "exec",
      id,
      "--generation",
      generation,
      "--secret",
      "MY_KEY",
      "--",
      "sh",
      "-c",
      'test "$MY_KEY" = planted-9f3 && echo "$MY_KEY a  b"; exit 7',
    );
    expect(ran).toMatchObject({ code: 7, stdout: "•••••• a  b\n" });
    const status = await cli(["pool", "status", "--json"], { env: { ...env, POOL_SERVICE_ADDR: "" } });
    expect(JSON.parse(status.stdout)).toMatchObject({ pools: [{ pool: POOL, leases: [{ slot: id, owner: "bob" }] }] });
    expect(await pool("release", id)).toMatchObject({ code: 0 });
    const second = await start();
    expect(await pool("drain", POOL)).toMatchObject({ code: 0 });
    // That is true of every service at once.
    expect(await post(second, root, "/api/containers", { pool: POOL })).toMatchObject({
      status: 429,
      body: { code: "pool-busy", detail: expect.stringContaining("drained") as string },
    });
    const refused = await pool("claim", POOL);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("it is drained")]);
    const statusOf = async (name: string) => cli(["pool", "status", name], { env });
    let drained = await statusOf(POOL);
    // While it shrinks two looks differ.
    await until("its containers have ended", async () => / 0\/0 /.test((drained = await statusOf(POOL)).stdout));
    expect(drained.stdout).toMatch(new RegExp(`^${POOL} .* drained$`, "m"));
    expect(await statusOf(openai.id)).toEqual(drained);
    const unknown = await cli(["pool", "status", "warm-pool-opnai"], { env });
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining(`no job of such a pool runs; deploy it, or write ${POOL}`),
    ]);
    // Whoever looks at the stack, or deploys it again, is told why nothing runs of it, and what to do.
    const stack = SynthesizedProject.ofJobs(openai.toApi().Job as JobJson);
    await until("nothing of it runs", async () => {
      const [allocations, groups] = [await cluster.nomad.allocations(openai.id), await cluster.nomad.job(openai.id)];
      const running = allocations.filter(({ ClientStatus }) => ClientStatus === "running");
      return running.length === 0 && JSON.stringify(groups?.TaskGroups).includes('"Count":0');
    });
    const fill = `${POOL} is drained: it takes no new leases until cdk-nomad pool fill ${POOL}`;
    for (const command of ["status", "deploy"]) {
      const said = await cli([command, "dev"], { cwd: stack.folder, env });
      const text = `${said.stdout}${said.stderr}`;
      expect([command, said.code, text]).toEqual([command, 0, expect.stringContaining(fill)]);
      expect(text).not.toMatch(/0 of 0|absent/);
      const json = await cli([command, "dev", "--json"], { cwd: stack.folder, env });
      expect(JSON.parse(json.stdout)).toMatchObject({
        jobs: [{ pool: POOL, drained: true }],
        services: [{ service: POOL, status: "drained" }],
      });
    }
    stack.remove();
    expect(await pool("fill", POOL)).toMatchObject({ code: 0 });
    const again = await pool("claim", POOL, "--owner", "bob", "--wait", "30s");
    expect(again).toMatchObject({ code: 0 });
    expect(await pool("recycle", POOL)).toMatchObject({ code: 0 });
    const { id: other } = leaseIn(again.stdout);
    expect(await pool("release", other)).toMatchObject({ code: 0 });
  },
  LIMIT,
);

test("planted secrets stand in no log of the service or of Nomad, and in no job", async () => {
  for (const planted of ["key-of-ann", "s'e c", "planted-9f3", ann, root]) {
    for (const service of running) expect(service.said).not.toContain(planted);
    for (const { ID } of await cluster.nomad.jobs())
      expect(JSON.stringify(await cluster.nomad.job(ID))).not.toContain(planted);
    const logs = join(cluster.project.folder, ".cdk-nomad");
    for (const name of readdirSync(logs).filter((each) => each.endsWith(".log")))
      expect(readFileSync(join(logs, name), "utf8").includes(planted)).toBe(false);
  }
});
