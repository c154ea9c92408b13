import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import * as v from "valibot";
import {
  Consul,
  Cpu,
  Driver,
  Job,
  Memory,
  Network,
  Port,
  Resources,
  Service,
  Task,
  TaskGroup,
  Template,
} from "../../lib/jobspec";
import { apiPath, type JobJson } from "../../lib/nomad";
import { binaryHere } from "../support/binaries";
import { clusterForSuite, TestCluster } from "../support/cluster";
import { flat, Project } from "../support/project";
import { until } from "../support/until";
import type { SmallProgram } from "./programs/small-jobs";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, acl: "closed" });
const { project } = cluster;

/** A call as a page in a browser, or another user of the machine, makes it. @returns the status of its answer */
async function call(
  [api, method, path, body]: Forbidden,
  headers: Readonly<Record<string, string>>,
  {
    NOMAD_ADDR,
    CONSUL_HTTP_ADDR,
  }: Pick<typeof cluster.addresses, "NOMAD_ADDR" | "CONSUL_HTTP_ADDR"> = cluster.addresses,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${api === "nomad" ? NOMAD_ADDR : CONSUL_HTTP_ADDR}${path}`, { method, headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.setTimeout(20_000, () => sent.destroy(new Error(`${method} ${path} was not answered`)));
    sent.end(body);
  });
}

type Forbidden = readonly ["nomad" | "consul", string, string, string?];

const intruder = JSON.stringify({
  Job: {
    ID: "intruder",
    Type: "batch",
    TaskGroups: [{ Name: "g", Tasks: [{ Name: "t", Driver: "raw_exec", Config: { command: "id" } }] }],
  },
});
const CALLS: readonly Forbidden[] = [
  ["nomad", "POST", "/v1/jobs", intruder],
  ["nomad", "PUT", "/v1/jobs", intruder],
  ["nomad", "POST", "/v1/jobs/parse", '{"JobHCL":"job \\"x\\" {}"}'],
  ["nomad", "POST", "/v1/job/kept/plan", intruder.replaceAll("intruder", "kept")],
  ["nomad", "DELETE", "/v1/job/kept?purge=true"],
  ["nomad", "GET", "/v1/jobs"],
  ["nomad", "GET", "/v1/job/kept"],
  ["nomad", "GET", "/v1/nodes"],
  ["nomad", "GET", "/v1/agent/self"],
  ["nomad", "GET", "/v1/allocations"],
  ["nomad", "PUT", "/v1/system/gc"],
  ["nomad", "PUT", "/v1/var/kept", '{"Path":"kept","Items":{"a":"b"}}'],
  ["nomad", "GET", "/v1/var/kept"],
  ["nomad", "GET", "/v1/acl/tokens"],
  ["nomad", "POST", "/v1/acl/bootstrap", `{"BootstrapSecret":"${randomUUID()}"}`],
  ["nomad", "POST", "/v1/acl/token/onetime"],
  ["consul", "PUT", "/v1/kv/intruder", "here"],
  ["consul", "GET", "/v1/kv/kept?raw"],
  ["consul", "DELETE", "/v1/kv/kept"],
  ["consul", "PUT", "/v1/txn", '[{"KV":{"Verb":"set","Key":"intruder","Value":"aGVyZQ=="}}]'],
  ["consul", "PUT", "/v1/agent/service/register", '{"Name":"intruder"}'],
  ["consul", "PUT", "/v1/catalog/register", '{"Node":"x","Address":"127.0.0.1","Service":{"Service":"intruder"}}'],
  ["consul", "PUT", "/v1/session/create", "{}"],
  ["consul", "PUT", "/v1/config", '{"Kind":"service-defaults","Name":"intruder","Protocol":"http"}'],
  ["consul", "GET", "/v1/agent/self"],
  ["consul", "GET", "/v1/acl/tokens"],
  ["consul", "PUT", "/v1/acl/bootstrap"],
  ["consul", "GET", "/v1/snapshot"],
];
/** What a page of another site sends along with a simple request; the Host is that of a name which its owner lets point here. */
const PAGE = { Host: "page.example", Origin: "http://page.example", "Content-Type": "text/plain" };
const STRANGERS = {
  "a page without a token": PAGE,
  "a page with wrong tokens": { ...PAGE, "X-Nomad-Token": randomUUID(), "X-Consul-Token": randomUUID() },
  "a program without a token": {},
};

function sleeper(id: string, task: { readonly consul?: Consul; readonly data: string }): Job {
  return new Job({
    id,
    type: "service",
    groups: [
      new TaskGroup({
        name: "g",
        networks: [Network.host(Port.dynamic("http"))],
        tasks: [
          new Task({
            name: "t",
            driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", "cat local/read; exec sleep 3600"] }),
            resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
            services: [new Service({ name: id, port: "http" })],
            templates: [Template.file("local/read", task.data, { changeMode: "noop" })],
            consul: task.consul,
          }),
        ],
      }),
    ],
  });
}

/** What is not refused with 403. */
const OTHERWISE: ReadonlyMap<string, readonly [number, RegExp]> = new Map([
  ["nomad /v1/acl/bootstrap", [400, /ACL bootstrap already done/]],
  ["nomad /v1/acl/token/onetime", [500, /acl token lookup failed: missing secret id/]],
  ["consul /v1/txn", [409, /"Permission denied: anonymous token lacks permission/]],
]);

/** Whether a call was refused for want of a token: that it is wrong, or finds nothing, is no such refusal. */
function isRefused([api, , path]: Forbidden, status: number, text: string): boolean {
  if (status === 403) return true;
  // Nomad refuses its second bootstrap as a wrong request, whoever asks, and to make something of a token that there is none; Consul a transaction as a conflict.
  const [own, said] = OTHERWISE.get(`${api} ${path}`) ?? [];
  return status === own && said?.test(text) === true;
}

async function loggedBy(id: string): Promise<string> {
  const [allocation] = await cluster.nomad.allocations(id);
  if (allocation === undefined) return "";
  const path = `/v1/client/fs/logs/${allocation.ID}?task=t&type=stdout&plain=true`;
  const answer = await cluster.ask("nomad", path);
  return answer.ok ? answer.text() : "";
}

beforeAll(async () => {
  await cluster.consul.setValue("kept", "a value");
  await cluster.nomad.setVariable("kept", { key: "value" }, 0);
  await cluster.nomad.register(sleeper("kept", { data: "{{ key `kept` }}" }).toApi().Job as JobJson);
});

test("whatever a page or another user asks of Nomad and Consul is refused", async () => {
  const asked = Object.entries(STRANGERS).flatMap(([who, headers]) => CALLS.map((each) => ({ who, headers, each })));
  expect(asked.length).toBeGreaterThanOrEqual(40);
  const answered: string[] = [];
  for (const { who, headers, each } of asked) {
    const { status, text } = await call(each, headers);
    if (!isRefused(each, status, text)) answered.push(`${who}: ${each.slice(0, 3).join(" ")}: ${status} ${text}`);
  }
  expect(answered).toEqual([]);
  expect((await cluster.nomad.jobs()).map(({ ID }) => ID)).toEqual(["kept"]);
  const keys = await cluster.ask("consul", "/v1/kv/?keys=true");
  expect([await keys.json(), await cluster.consul.value("kept")]).toEqual([["kept"], "a value"]);
  expect(Object.keys(await cluster.consul.services())).not.toContain("intruder");
  expect((await cluster.nomad.variable("kept"))?.Items).toEqual({ key: "value" });
});

test("the stream of Nomad's events tells a page nothing", async () => {
  const { NOMAD_ADDR } = cluster.addresses;
  const told: string[] = [];
  const page = new AbortController();
  const reading = fetch(`${NOMAD_ADDR}/v1/event/stream?topic=Job&topic=Allocation&index=1`, { signal: page.signal })
    .then(async (answer) => {
      for await (const chunk of answer.body ?? []) told.push(Buffer.from(chunk).toString());
    })
    .catch(() => undefined);
  await cluster.nomad.register(sleeper("streamed", { data: "x" }).toApi().Job as JobJson);
  await until("what it wrote", async () => (await loggedBy("streamed")) === "x");
  page.abort();
  await reading;
  expect(told.join("")).not.toMatch(/kept|streamed/);
});

test("Nomad's metrics tell everybody nothing of jobs, and Consul's nobody anything", async () => {
  for (const format of ["", "?format=prometheus"]) {
    const { text } = await call(["nomad", "GET", `/v1/metrics${format}`], {});
    expect(text).not.toMatch(/kept|nomad_client|nomad\.nomad/);
  }
  for (const path of ["/v1/agent/metrics", "/debug/pprof/", "/debug/pprof/heap"])
    expect([path, (await call(["consul", "GET", path], {})).status]).toEqual([path, 403]);
});

test("services and nodes are seen by everybody, as by DNS", async () => {
  await until("the service", async () => (await cluster.consul.instances("kept")).length === 1);
  const seen = await call(["consul", "GET", "/v1/health/service/kept"], {});
  expect([seen.status, JSON.parse(seen.text)]).toMatchObject([200, [{ Service: { Service: "kept" } }]]);
});

test("a template reads keys and services, of a task that asks for an identity and of one that does not", async () => {
  const data = "{{ key `kept` }} of {{ range service `kept` }}{{ .Name }}{{ end }}";
  for (const [id, consul] of [
    ["asks", new Consul()],
    ["without", undefined],
  ] as const) {
    await cluster.nomad.register(sleeper(id, { data, consul }).toApi().Job as JobJson);
    await until(`what ${id} read`, async () => (await loggedBy(id)) === "a value of kept");
    expect(await loggedBy(id)).toBe("a value of kept");
  }
});

test("a task is told no token that it does not ask for", async () => {
  const task = new Task({
    name: "t",
    driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", "env; exec sleep 3600"] }),
    resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
  });
  const job = new Job({ id: "told", type: "service", groups: [new TaskGroup({ name: "g", tasks: [task] })] });
  await cluster.nomad.register(job.toApi().Job as JobJson);
  await until("its environment", async () => (await loggedBy("told")).includes("NOMAD_TASK_NAME=t"));
  expect((await loggedBy("told")).split("\n").filter((line) => /^(CONSUL|NOMAD_TOKEN|VAULT)/.test(line))).toEqual([]);
});

test("what the server adds is no change, no drift and no part of an import", async () => {
  const job = sleeper("asks", { data: "{{ key `kept` }}", consul: new Consul() });
  await cluster.nomad.register(job.toApi().Job as JobJson);
  const imported = await project.run(["import", "--job", "asks"]);
  expect([imported.code, imported.stdout]).toEqual([0, expect.stringContaining("consul: {}")]);
  expect(imported.stdout).not.toMatch(/[Ii]dentit|consul\.io/);
  project.change({ jobs: [{ id: "web", split: true }], keys: { "small/level": "info" } } as SmallProgram);
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  for (const command of ["preview", "drift"])
    expect([command, (await project.run([command, "dev"])).code]).toEqual([command, 0]);
});

test("nomad and consul work with what env prints, and so do the commands of another project", async () => {
  const said = await project.run(["env"]);
  expect(said.code).toBe(0);
  const [nomad, consul] = [await binaryHere("nomad"), await binaryHere("consul")];
  const script = `${said.stdout}\n"$1" job status kept && "$2" kv get kept && "$2" catalog services`;
  const shell = execFileSync("/bin/sh", ["-ec", script, "sh", nomad.path, consul.path], {
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });
  expect(shell).toMatch(/Status += running[^]*a value[^]*kept/);
  const other = new Project(Project.SMALL_JOBS);
  try {
    other.change({ jobs: [{ id: "web", split: true }] } as SmallProgram);
    const status = await other.run(["status", "dev"], cluster.environment);
    // What the first project brought is not this one's.
    expect([status.code, status.stdout]).toEqual([1, expect.stringMatching(/web +of dev/)]);
    const refused = await other.run(["status", "dev"], { ...cluster.addresses });
    expect([refused.code, flat(refused)]).toEqual([1, expect.stringContaining("Nomad wants a token")]);
  } finally {
    await other.remove();
  }
});

test("a browser is logged in by a token that holds once", async () => {
  const secret = await cluster.nomad.oneTimeToken();
  const exchange = () =>
    fetch(`${cluster.addresses.NOMAD_ADDR}/v1/acl/token/onetime/exchange`, {
      method: "POST",
      body: JSON.stringify({ OneTimeSecretID: secret }),
    });
  const first = await exchange();
  expect([first.status, await first.json()]).toMatchObject([200, { Token: { Type: "management" } }]);
  expect((await exchange()).status).toBeGreaterThanOrEqual(400);
});

test("the tokens stand in files of their owner alone, and in no output, log or list of processes", async () => {
  const { folder } = project.cluster;
  const secrets = readdirSync(join(folder, "tokens"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^(agent|ca)\.pem$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8").trim());
  // Five tokens, the keys of two gossips, and that of the agents' certificate; the authority's key is kept nowhere.
  expect(new Set(secrets).size).toBe(8);
  const tokens = secrets.map((secret) => /^(?!-)\S+$/m.exec(secret)?.[0] ?? secret);
  const holds = (text: string) => tokens.some((token) => text.includes(token));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !join(entry.parentPath, entry.name).startsWith(join(folder, "data")))
    .map((entry) => join(entry.parentPath, entry.name));
  const mode = (path: string) => statSync(path).mode & 0o077;
  expect(files.filter((path) => mode(path) !== 0)).toEqual([]);
  expect(files.filter((path) => path.endsWith(".log") && holds(readFileSync(path, "utf8")))).toEqual([]);
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    });
  expect(lines.filter(holds)).toEqual([]);
  for (const args of [
    ["status"],
    ["status", "--json"],
    ["ui", "--print"],
    ["preview", "dev", "--json"],
    ["up", "--json"],
  ]) {
    const said = await project.run(args);
    expect([args, holds(`${said.stdout}${said.stderr}`)]).toEqual([args, false]);
  }
  const seen = await cluster.nomad.http.get(apiPath`/v1/job/kept`, v.unknown());
  expect(holds(JSON.stringify(seen))).toBe(false);
});

test("a cluster that an older release started, without tokens, goes on; --open makes one and says what that means", async () => {
  const other = new TestCluster({ program: Project.SMALL_JOBS, acl: "open" });
  try {
    await other.start();
    const said = await other.project.run(["status"]);
    expect(flat(said)).toContain("every page in a browser on it, may run commands");
    // What the closed one refuses, this one does: the calls are right, and it is the tokens that they lack.
    await other.consul.setValue("kept", "a value");
    await other.nomad.setVariable("kept", { key: "value" }, 0);
    await other.nomad.register(sleeper("kept", { data: "x" }).toApi().Job as JobJson);
    const own = CALLS.filter(([, , path]) => !path.startsWith("/v1/acl/"));
    const ends = [...own].sort(([, a], [, b]) => Number(a === "DELETE") - Number(b === "DELETE"));
    const wrong: string[] = [];
    for (const each of ends) {
      const { status, text } = await call(each, {}, other.addresses);
      if (status >= 300) wrong.push(`${each.slice(0, 3).join(" ")}: ${status} ${text}`);
    }
    expect(wrong).toEqual([]);
    await other.nomad.deregister("intruder", { purge: true });
    // What an older release wrote of it.
    const file = join(other.project.cluster.folder, "cluster.json");
    const {
      closed: _closed,
      sharedConsul: _shared,
      ...old
    } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify(old));
    const up = await other.project.run(["up"]);
    expect([up.code, flat(up)]).toEqual([0, expect.stringContaining("the cluster runs already")]);
    other.project.change({ jobs: [{ id: "web" }] } as SmallProgram);
    expect((await other.project.run(["deploy", "dev"])).code).toBe(0);
  } finally {
    await other.end();
  }
});

test("a closed cluster of an older release, whose servers speak with everybody, is told of, used and ended, and not added to", async () => {
  const file = join(project.cluster.folder, "cluster.json");
  const { tls: _tls, ...old } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify(old));
  const WARNED = /older release started it, and its servers speak with every user of this machine/;
  for (const command of ["status", "up"]) {
    const said = await project.run([command]);
    expect([command, said.code, flat(said)]).toEqual([command, 0, expect.stringMatching(WARNED)]);
  }
  expect((await cluster.nomad.jobs()).length).toBeGreaterThan(0);
  const pid = (await project.cluster.status()).agents.find(({ name }) => name === "nomad")?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await until("its end", () => !project.runs("nomad"));
  const refused = await project.run(["up"]);
  expect([refused.code, flat(refused)]).toEqual([
    1,
    expect.stringMatching(/older release, nomad of it is missing.*cdk-nomad down, then .*cdk-nomad up/),
  ]);
  expect((await project.run(["down"])).code).toBe(0);
  expect(project.leftovers()).toEqual({ processes: [], mounts: [] });
});
