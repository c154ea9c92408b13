import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Agent, fetch } from "undici";
import * as v from "valibot";
import { Cpu, Driver, Job, Memory, Resources, Task, TaskGroup, Template, Vault } from "../../lib/jobspec";
import { apiPath, type JobJson, type NomadClient } from "../../lib/nomad";
import { findVault } from "../../lib/local/vault/program";
import { prod } from "../../stacks/prod";
import { clusterForSuite } from "../support/cluster";
import { machineProcesses, processesNaming } from "../support/processes";
import { flat } from "../support/project";
import { until } from "../support/until";
import { VAULT_HERE } from "../support/vault-here";

if (VAULT_HERE === undefined) console.log("skipped: a cluster with a server of secrets; no bao and no vault is here");
const REGIONS = ["us-west", "us-east"];
const suite = VAULT_HERE === undefined ? describe.skip : describe;

suite("a cluster with a server of secrets", () => {
  const program = join(__dirname, "programs/prod-with-processes.ts");
  const cluster = clusterForSuite({ program, regions: REGIONS, acl: "closed", vault: true });
  const { project } = cluster;
  /** Of this run alone, so that it is found wherever it stands. */
  const password = `of-the-database-${process.pid}-${Date.now()}`;

  /** Asks it as a program of another language would. */
  async function ask(method: string, path: string, { body, token }: { body?: object; token?: string } = {}) {
    const { VAULT_ADDR = "", VAULT_CACERT = "" } = cluster.environment;
    const headers = token === undefined ? undefined : { "X-Vault-Token": token };
    const dispatcher = new Agent({ connect: { ca: readFileSync(VAULT_CACERT) } });
    return fetch(`${VAULT_ADDR}${path}`, { method, headers, body: body && JSON.stringify(body), dispatcher });
  }
  async function keep(secret: string, value: string): Promise<void> {
    const { VAULT_TOKEN: token } = cluster.environment;
    const body = { data: { password: value } };
    expect((await ask("POST", `/v1/secret/data/${secret}`, { body, token })).status).toBe(200);
  }
  const region = (name: string) => cluster.nomad.where({ Region: name });

  /** A job that says in its log what the length of a secret is, and nothing of it. */
  function reader(id: string, vault: Vault, secret: string): JobJson {
    const task = new Task({
      name: "t",
      driver: Driver.rawExec({
        command: "/bin/sh",
        args: ["-c", 'echo "read $(printenv READ | wc -c)"; exec sleep 3600'],
      }),
      resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
      vault,
      templates: [
        Template.env("secrets/read.env", `READ={{ with secret "${secret}" }}{{ .Data.data.password }}{{ end }}`),
      ],
    });
    return new Job({ id, type: "service", groups: [new TaskGroup({ name: "g", tasks: [task] })] }).toApi()
      .Job as JobJson;
  }
  async function loggedBy(name: string, id: string): Promise<string> {
    const running = (await region(name).allocations(id)).find(({ ClientStatus }) => ClientStatus === "running");
    if (!running) return "";
    const answer = await cluster.ask(
      "nomad",
      `/v1/client/fs/logs/${running.ID}?task=t&type=stdout&plain=true&region=${name}`,
    );
    return answer.ok ? answer.text() : "";
  }
  async function eventsOf(nomad: NomadClient, id: string): Promise<string> {
    return JSON.stringify((await nomad.allocations(id)).map(({ TaskStates }) => TaskStates));
  }
  /** What a job says of a secret: how long it is, with the end of its line. */
  const told = (value: string) => `read ${value.length + 1}\n`;
  /** What a job that reads its own secret says of it, once it says something. */
  async function readBy(name: string, id: string): Promise<string> {
    await region(name).register(reader(id, new Vault(), `secret/data/default/${id}`));
    let said = "";
    await until(`what ${id} reads`, async () => (said = await loggedBy(name, id)).endsWith("\n"));
    return said;
  }
  async function kill(agent: string): Promise<void> {
    const { agents } = await project.cluster.status();
    process.kill(agents.find(({ name }) => name === agent)?.pid ?? 0, "SIGKILL");
    await until("its end", () => !project.runs(agent));
  }

  beforeAll(async () => keep("prism/admin", password));

  test("prod's admin has its database's password from it, and what a server adds for that is no change", async () => {
    expect(prod.databaseSecret?.path).toBe("secret/prism/admin");
    const deployed = await project.run(["deploy", "prod", "--direct"]);
    expect([deployed.code, deployed.code === 0 ? "" : flat(deployed)]).toEqual([0, ""]);
    expect(processesNaming(`DB_PASSWORD=${password}`).map(({ command }) => command)).not.toEqual([]);
    // What else prod has may find no place on a small machine, which is told; of this job nothing is.
    for (const command of ["preview", "drift"]) {
      const { code, stdout } = await project.run([command, "prod"]);
      expect([command, [0, 2].includes(code ?? 1), stdout]).toEqual([
        command,
        true,
        expect.not.stringContaining("prism-stack"),
      ]);
    }
    const imported = await project.run(["import", "--job", "prism-stack"]);
    expect([imported.code, imported.stdout]).toEqual([0, expect.stringContaining('Vault.role("prism-admin"')]);
    expect(imported.stdout).not.toMatch(/[Ii]dentit|vault\.io/);
  });

  test("the password and the keys stand in no job, record, log, output or argument of a process", async () => {
    const { folder } = project.cluster;
    const keys = ["vault", "vault-unseal"].map((name) => readFileSync(join(folder, "tokens", name), "utf8").trim());
    expect(cluster.environment.VAULT_TOKEN).toBe(keys[0]);
    const holds = (text: string) => [password, ...keys].some((secret) => text.includes(secret));
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    // What the task itself reads is in a file system of its own, in memory, that only its user enters.
    const holding = files.filter((path) => !path.includes("/secrets/") && holds(readFileSync(path, "latin1")));
    expect(holding.map((path) => path.slice(folder.length))).toEqual([
      "/tokens/vault",
      "/tokens/vault-unseal",
      // With what its task was started, which Nomad's node needs to find it again; nobody else may read it, and down removes it.
      "/data/nomad/client/state.db",
    ]);
    expect(holding.filter((path) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
    expect(machineProcesses().filter(({ command }) => holds(command))).toEqual([]);
    const job = await cluster.nomad.http.get(apiPath`/v1/job/prism-stack`, v.unknown());
    const record = (await (await cluster.ask("consul", "/v1/kv/?recurse=true")).json()) as { Value: string | null }[];
    const values = record.map(({ Value }) => Buffer.from(Value ?? "", "base64").toString());
    expect([holds(JSON.stringify(job)), values.filter(holds)]).toEqual([false, []]);
    for (const args of [
      ["status"],
      ["status", "--json"],
      ["status", "prod"],
      ["preview", "prod", "--json"],
      ["up", "--json"],
    ]) {
      const said = await project.run(args);
      expect([args, [0, 2].includes(said.code ?? 1), holds(`${said.stdout}${said.stderr}`)]).toEqual([
        args,
        true,
        false,
      ]);
    }
  });

  test("a task of another job reads it neither with that role nor with its own, and its own secrets it does", async () => {
    await keep("default/thief", "its own");
    const refused = { "with-that-role": Vault.role("prism-admin"), "with-its-own": new Vault() };
    for (const [id, vault] of Object.entries(refused)) {
      await cluster.nomad.register(reader(id, vault, "secret/data/prism/admin"));
      await until(`${id} is refused`, async () =>
        /claim|permission denied|403|400|Missing: vault/i.test(await eventsOf(cluster.nomad, id)),
      );
      expect([id, await loggedBy("us-west", id)]).toEqual([id, ""]);
    }
    await cluster.nomad.register(reader("prism", new Vault(), "secret/data/default/thief"));
    expect(await readBy("us-west", "thief")).toBe(told("its own"));
    expect(await loggedBy("us-west", "prism")).toBe("");
    await cluster.purge();
  });

  test("the other region's tasks read theirs by a login of their own", async () => {
    await keep("default/eastern", "in the east");
    expect(await readBy("us-east", "eastern")).toBe(told("in the east"));
  });

  test("whatever a page or another user asks of it is refused", async () => {
    const calls = [
      ["GET", "/v1/secret/data/prism/admin"],
      ["POST", "/v1/secret/data/prism/admin"],
      ["GET", "/v1/sys/mounts"],
      ["GET", "/v1/sys/policies/acl/prism-admin"],
      ["POST", "/v1/sys/policies/acl/prism-admin"],
      ["PUT", "/v1/sys/init"],
      ["PUT", "/v1/sys/seal"],
      ["PUT", "/v1/sys/step-down"],
      ["POST", "/v1/auth/token/create"],
      ["GET", "/v1/auth/token/lookup-self"],
      ["GET", "/v1/auth/jwt-nomad/config"],
      ["POST", "/v1/auth/jwt-nomad/role/prism-admin"],
      ["GET", "/v1/sys/storage/raft/snapshot"],
    ] as const;
    const answered: unknown[] = [];
    for (const token of [undefined, "s.000000000000000000000000"])
      for (const [method, path] of calls) {
        const body =
          method === "GET" ? undefined : { data: { password: "another" }, secret_shares: 1, secret_threshold: 1 };
        const { status } = await ask(method, path, { body, token });
        if (status < 400) answered.push([method, path, status]);
      }
    const login = await ask("POST", "/v1/auth/jwt-nomad/login", { body: { role: "prism-admin", jwt: "a.b.c" } });
    expect([answered, login.status]).toEqual([[], 400]);
  });

  test("bao works with what env prints, and a second up changes nothing", async () => {
    const said = await project.run(["env"]);
    const { path } = await findVault(process.env);
    const script = `${said.stdout}\n"$1" kv get -field=password secret/prism/admin`;
    const shell = execFileSync("/bin/sh", ["-ec", script, "sh", path], {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
    expect(shell.trim()).toBe(password);
    const up = await project.run(["up", "--vault"]);
    expect([up.code, flat(up)]).toEqual([0, expect.stringContaining("the cluster runs already")]);
    expect((await project.run(["status"])).stdout).toMatch(/vault +ready/);
  });

  test("it is started again where it was killed, with what it kept; and a Nomad that was killed is trusted again", async () => {
    await kill("vault");
    expect((await project.run(["status"])).code).toBe(6);
    const up = await project.run(["up"]);
    expect([up.code, flat(up)]).toEqual([0, expect.stringContaining("vault had ended; what it keeps is there still")]);
    await keep("default/after", "after it was killed");
    expect(await readBy("us-west", "after")).toBe(told("after it was killed"));
    await kill("nomad");
    expect((await project.run(["up"])).code).toBe(0);
    // It signs with other keys now.
    expect(await readBy("us-west", "after")).toBe(told("after it was killed"));
  });

  test("down leaves nothing of it", async () => {
    const { folder } = project.cluster;
    const down = await project.run(["down"]);
    expect([down.code, project.leftovers()]).toEqual([0, { processes: [], mounts: [] }]);
    const left = readdirSync(folder).filter((name) => /^(data|tokens|.*\.json)$/.test(name) && name !== "stacks.json");
    expect(left).toEqual([]);
  });
});
