import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetch } from "undici";
import * as v from "valibot";
import { binaryHere } from "../support/binaries";
import { apiPath } from "../../lib/nomad";
import { OwnNomad } from "../support/own-nomad";
import { reservePorts, type ReservedPorts } from "../support/ports";
import { Project, type Said } from "../support/project";
import { until } from "../support/until";
import type { SmallProgram } from "./programs/small-jobs";

const POLICIES = join(__dirname, "../../examples/policies");
const policy = (name: string) => readFileSync(join(POLICIES, `${name}.hcl`), "utf8");

/** A Consul that asks for tokens. */
class OwnConsul {
  token = "";
  #child: ChildProcess | undefined;
  #ports: ReservedPorts | undefined;

  get address(): string {
    return `http://127.0.0.1:${this.#ports?.port(0)}`;
  }

  async start(): Promise<void> {
    this.#ports = await reservePorts();
    const { path } = await binaryHere("consul");
    const own = this.#ports;
    const [http, server, serf, wan] = [0, 1, 2, 3].map((index) => own.port(index));
    const ports = { http, server, serf_lan: serf, serf_wan: wan, dns: -1, grpc: -1, grpc_tls: -1 };
    const config = JSON.stringify({ ports, acl: { enabled: true, default_policy: "deny" } });
    this.#child = spawn(path, ["agent", "-dev", "-bind=127.0.0.1", "-hcl", config], { stdio: "ignore" });
    await until("a Consul that gives its first token", async () => {
      const answer = await fetch(`${this.address}/v1/acl/bootstrap`, { method: "PUT" }).catch(() => undefined);
      if (answer?.status !== 200) return false;
      this.token = ((await answer.json()) as { SecretID: string }).SecretID;
      return true;
    });
  }

  async ask<T>(method: string, path: string, body?: unknown, token = this.token): Promise<{ status: number; body: T }> {
    const headers = { "x-consul-token": token };
    const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`${this.address}${path}`, { method, headers, body: sent });
    const text = await answer.text();
    return { status: answer.status, body: (answer.ok && text !== "" ? JSON.parse(text) : text) as T };
  }

  /** A token with the policy of an example, for the keys of the small program. */
  async tokenOf(name: string): Promise<string> {
    const rules = policy(`${name}.consul`).replaceAll("shop/", "small/");
    const { status, body: said } = await this.ask("PUT", "/v1/acl/policy", { Name: name, Rules: rules });
    if (status !== 200) throw new Error(String(said));
    const token = { Policies: [{ Name: name }] };
    return (await this.ask<{ SecretID: string }>("PUT", "/v1/acl/token", token)).body.SecretID;
  }

  async end(): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    await this.#ports?.release();
  }
}

const own = new OwnNomad();
const consul = new OwnConsul();
const project = new Project(Project.SMALL_JOBS);
const synthesized = mkdtempSync(join(tmpdir(), "cdk-nomad-synthesized-"));
const tokens = { preview: "", deploy: "" };
const consulTokens = { preview: "", deploy: "" };

async function nomadToken(name: "preview" | "deploy"): Promise<string> {
  const nomad = own.client();
  const body = { Name: name, Rules: policy(`${name}.nomad`) };
  await nomad.http.post(apiPath`/v1/acl/policy/${name}`, v.unknown(), { body });
  const token = await nomad.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), {
    body: { Name: name, Type: "client", Policies: [name] },
  });
  await nomad.close();
  return token.SecretID;
}

beforeAll(async () => {
  await Promise.all([own.start(), consul.start()]);
  for (const name of ["preview", "deploy"] as const) {
    tokens[name] = await nomadToken(name);
    consulTokens[name] = await consul.tokenOf(name);
  }
});
afterAll(async () => {
  rmSync(synthesized, { recursive: true });
  await own.remove();
  await consul.end();
  await project.remove();
});

const program = (settings: SmallProgram) => project.change(settings);
const run = (name: "preview" | "deploy", args: readonly string[]): Promise<Said> =>
  project.run(args, {
    NOMAD_ADDR: own.address,
    NOMAD_TOKEN: tokens[name],
    CONSUL_HTTP_ADDR: consul.address,
    CONSUL_HTTP_TOKEN: consulTokens[name],
  });
const SHOP: SmallProgram = { jobs: [{ id: "web", count: 1 }], keys: { motto: "hello" } };

test("the policies for deployments deploy, watch, tell why something failed, and promote", async () => {
  program(SHOP);
  const deployed = await run("deploy", ["deploy", "dev"]);
  expect([deployed.code, deployed.stderr]).toEqual([0, expect.stringContaining("web version 0 is healthy")]);
  program({ ...SHOP, jobs: [{ id: "web", count: 1, canary: 1, env: { RELEASE: "2" } }] });
  expect((await run("deploy", ["deploy", "dev"])).code).toBe(3);
  expect((await run("deploy", ["promote", "dev", "--when-healthy"])).code).toBe(0);
  program({ ...SHOP, jobs: [{ id: "bad", count: 1, script: "echo no such shop >&2; exit 3" }] });
  const failed = await run("deploy", ["deploy", "dev"]);
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining("no such shop")]);
});

test("the policies for previews plan and find drift, and neither register, stop nor write anything", async () => {
  program({ ...SHOP, jobs: [{ id: "web", count: 2 }], keys: { motto: "good day" } });
  const preview = await run("preview", ["preview", "dev"]);
  expect([preview.code, preview.stdout]).toEqual([2, expect.stringContaining("hello → good day")]);
  expect((await run("preview", ["drift", "dev"])).code).toBe(2);
  expect((await run("preview", ["status", "dev"])).stdout).toMatch(/web/);
  const before = await versions();
  for (const args of [
    ["deploy", "dev"],
    ["drift", "dev", "--fix"],
    ["rollback", "dev"],
  ])
    expect([args, (await run("preview", args)).code]).toEqual([args, 1]);
  const nomad = own.client(tokens.preview);
  const job = await nomad.job("web");
  const asked = [
    () => nomad.http.post(apiPath`/v1/jobs`, v.unknown(), { body: { Job: job } }),
    () => nomad.http.post(apiPath`/v1/job/web/scale`, v.unknown(), { body: { Count: 0, Target: { Group: "work" } } }),
    () => nomad.http.post(apiPath`/v1/job/web/evaluate`, v.unknown(), { body: { JobID: "web" } }),
    () => nomad.http.post(apiPath`/v1/job/web/revert`, v.unknown(), { body: { JobID: "web", JobVersion: 0 } }),
    () => nomad.http.post(apiPath`/v1/job/web/dispatch`, v.unknown(), { body: {} }),
    () => nomad.http.post(apiPath`/v1/acl/policy/preview`, v.unknown(), { body: { Name: "preview", Rules: "" } }),
    () => nomad.deregister("web", { purge: true }),
  ];
  for (const ask of asked) await expect(ask()).rejects.toThrow(/Permission denied|403/);
  await nomad.close();
  for (const [method, path, body] of [
    ["PUT", "/v1/kv/small/motto", "planted"],
    ["DELETE", "/v1/kv/small/motto", undefined],
    ["PUT", "/v1/config", { Kind: "service-defaults", Name: "web", Protocol: "http" }],
  ] as const)
    expect([method, path, (await consul.ask(method, path, body, consulTokens.preview)).status]).toEqual([
      method,
      path,
      403,
    ]);
  expect(await versions()).toEqual(before);
});

describe.each([
  ["Consul", { CONSUL_HTTP_TOKEN: undefined }, "CONSUL_HTTP_TOKEN"],
  ["Nomad's variables", { variables: false }, "NOMAD_TOKEN"],
] as const)("whoever may read no records in %s is not told that there are none", (_what, less, variable) => {
  const blind = async (args: readonly string[]): Promise<Said> => {
    const NOMAD_TOKEN = "variables" in less ? await tokenWithoutVariables() : tokens.deploy;
    return project.run(args, {
      NOMAD_ADDR: own.address,
      NOMAD_TOKEN,
      CONSUL_HTTP_ADDR: consul.address,
      CONSUL_HTTP_TOKEN: consulTokens.deploy,
      ...("CONSUL_HTTP_TOKEN" in less ? less : {}),
    });
  };

  test("by ls", async () => {
    const said = await blind(["ls"]);
    expect([said.code, said.stderr]).toEqual([1, expect.stringContaining(variable)]);
    expect(said.stdout + said.stderr).not.toContain("no stack has a record");
    const json = await blind(["ls", "--json"]);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      1,
      expect.objectContaining({ unread: [expect.stringContaining(variable)] }),
    ]);
  });

  test("by commands that look, which say so, and by those that take something away, which refuse", async () => {
    program(SHOP);
    for (const args of [
      ["status", "dev"],
      ["drift", "dev"],
      ["preview", "dev"],
    ]) {
      const said = await blind(args);
      expect([args, (said.stdout + said.stderr).replaceAll(/\s+/g, " ")]).toEqual([
        args,
        expect.stringContaining(variable),
      ]);
    }
    const before = await versions();
    const destroyed = await blind(["destroy", "dev", "--yes"]);
    expect([destroyed.code, destroyed.stderr]).toEqual([1, expect.stringContaining("--without-records")]);
    expect(await versions()).toEqual(before);
  });
});

/** A token that may do all with jobs, and nothing with variables: Nomad shows it an empty list of them. */
async function tokenWithoutVariables(): Promise<string> {
  const nomad = own.client();
  const Rules = 'namespace "default" { policy = "write" }';
  await nomad.http.post(apiPath`/v1/acl/policy/without`, v.unknown(), { body: { Name: "without", Rules } });
  const body = { Name: "without", Type: "client", Policies: ["without"] };
  const token = await nomad.http.post(apiPath`/v1/acl/token`, v.object({ SecretID: v.string() }), { body });
  await nomad.close();
  return token.SecretID;
}

/** Every job that there is, with its version and index, and every key. */
async function versions(): Promise<unknown> {
  const nomad = own.client();
  const jobs = await nomad.jobs();
  await nomad.close();
  return [jobs.map(({ ID, JobModifyIndex: index }) => [ID, index]), (await consul.ask("GET", "/v1/kv/?recurse")).body];
}

describe("a pull request's files with the tokens for previews", () => {
  const job = (more: object = {}) => ({
    ID: "web",
    Name: "web",
    Type: "service",
    Datacenters: ["*"],
    TaskGroups: [{ Name: "work", Count: 2, Tasks: [{ Name: "t", Driver: "raw_exec", Config: { command: "true" } }] }],
    ...more,
  });
  const write = (resource: object, variable: object = {}) => {
    mkdirSync(join(synthesized, "stacks/dev"), { recursive: true });
    writeFileSync(join(synthesized, "stacks/dev/cdk.tf.json"), JSON.stringify({ resource, variable }));
  };
  const jobs = (...all: readonly object[]) => ({
    nomad_job: Object.fromEntries(all.map((each, index) => [`j${index}`, { jobspec: JSON.stringify({ Job: each }) }])),
  });
  const preview = (...more: readonly string[]) =>
    run("preview", ["preview", "dev", "--synthesized", synthesized, "--format", "markdown", ...more]);

  test("are previewed without their program: it is not there", async () => {
    write(jobs(job({ Meta: { tag: "${var.tag}" } })), { tag: { type: "string", default: "latest" } });
    project.change({ jobs: "the program is never read" });
    const said = await preview("--var", "tag=1.2");
    expect([said.code, said.stdout]).toEqual([2, expect.stringContaining("1 job to update")]);
    expect(said.stdout).toMatch(/tag[^\n]*1\.2/);
  });

  test.each(["../../../acl/policy/preview", "a/../b", "#1", "@team", "-->", "<b>|</b>", "a?namespace=b", "%2e%2e/x"])(
    "with the job id %j ask for that job and nothing else, and show it as text",
    async (id) => {
      write(jobs(job({ ID: id, Name: id })));
      const before = await versions();
      const said = await preview();
      expect([0, 1, 2]).toContain(said.code);
      expect(said.stderr).not.toMatch(/\n\s+at .*\.[jt]s:\d+/);
      expect(said.stdout.replaceAll(/`[^`]*`/g, "")).not.toMatch(/(?:^|\s)(?:#1|@team)\b|<b>/);
      expect(await versions()).toEqual(before);
    },
  );

  test("with jobs of namespaces and regions that the token has no part in are refused in words", async () => {
    for (const [more, message] of [
      [{ Namespace: "secret" }, /Permission denied|403|no namespace/],
      [{ Region: "mars" }, /No path to region|region/],
      [{ Namespace: "../default" }, /Permission denied|403|no namespace/],
    ] as const) {
      write(jobs(job(more)));
      const said = await preview();
      expect([more, said.code, said.stderr.replaceAll(/\s+/g, " ")]).toEqual([more, 1, expect.stringMatching(message)]);
      expect(said.stdout).toBe("");
    }
  });

  test("with keys that the token may not read, or that lead elsewhere, are refused and read nothing", async () => {
    await consul.ask("PUT", "/v1/kv/other/password", "planted");
    for (const prefix of ["other/", "small/../other/", "small/../../acl/policies/"]) {
      write({ consul_key_prefix: { k: { path_prefix: prefix, subkeys: { password: "x" } } } });
      const said = await preview();
      expect([prefix, said.code]).toEqual([prefix, expect.any(Number)]);
      expect(said.stdout + said.stderr).not.toContain("planted");
      expect(said.stderr).not.toMatch(/\n\s+at .*\.[jt]s:\d+/);
    }
  });
});
