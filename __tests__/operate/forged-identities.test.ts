import { execFileSync } from "node:child_process";
import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterStatus } from "../../lib/local";
import { Cpu, Driver, Job, Memory, Resources, Task, TaskGroup, Vault } from "../../lib/jobspec";
import { apiPath, type JobJson } from "../../lib/nomad";
import { Agent, fetch } from "undici";
import * as v from "valibot";
import { clusterForSuite } from "../support/cluster";
import { isOpen } from "../support/open-port";
import { flat, Project } from "../support/project";
import { Stranger, whyNoStranger } from "../support/stranger";
import { until } from "../support/until";
import { VAULT_HERE } from "../support/vault-here";

// Who signs identities of workloads: the Nomads of the cluster alone, whoever has their ports.

const why = whyNoStranger();
if (why !== undefined) console.log(`skipped: identities that another user of the machine signs; ${why}`);
if (VAULT_HERE === undefined)
  console.log("skipped: forged identities at a server of secrets; no bao and no vault is here");
const suite = why === undefined ? describe : describe.skip;
const believers = VAULT_HERE === undefined ? (["consul"] as const) : (["consul", "vault"] as const);

suite("identities of workloads", () => {
  const cluster = clusterForSuite({ program: Project.SMALL_JOBS, acl: "closed", vault: VAULT_HERE !== undefined });
  const { project } = cluster;
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const status = async () => JSON.parse((await project.run(["status", "--json"])).stdout) as ClusterStatus;
  const up = async () => {
    const said = await project.run(["up", "--port-offset", String(cluster.offset)]);
    expect([said.code, said.code === 0 ? "" : flat(said)]).toEqual([0, ""]);
  };
  let stranger: Stranger;
  const reader = new Job({
    id: "reader",
    type: "service",
    groups: [
      new TaskGroup({
        name: "g",
        tasks: [
          new Task({
            name: "t",
            driver: Driver.rawExec({ command: "/bin/sleep", args: ["3600"] }),
            resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
            vault: new Vault(),
          }),
        ],
      }),
    ],
  });

  beforeEach(() => (stranger = new Stranger()));
  afterEach(() => stranger.remove());

  /** An identity as a Nomad signs it, of a key that none has. */
  function forged(aud: string, claims: object): string {
    const now = Math.floor(Date.now() / 1000);
    const body = { aud, iat: now - 5, nbf: now - 5, exp: now + 3600, jti: randomUUID(), ...claims };
    const parts = [{ alg: "RS256", kid: "forged", typ: "JWT" }, body];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey).toString("base64url")}`;
  }

  /** A server of somebody else at a port, who publishes the key of these identities. */
  async function publish(port: number): Promise<void> {
    const keys = JSON.stringify({
      keys: [{ ...publicKey.export({ format: "jwk" }), kid: "forged", alg: "RS256", use: "sig" }],
    });
    const script = join(stranger.folder, "server.js");
    writeFileSync(
      script,
      `require("node:http").createServer((_, answer) => answer.end(${JSON.stringify(keys)})).listen(${port}, "127.0.0.1");`,
    );
    stranger.run([process.execPath, script]);
    await until("somebody else at its port", () => isOpen(port));
  }

  /** Logs in with a forged identity, at Consul or at who keeps secrets. @returns the answer's status and what it says */
  async function login(at: "consul" | "vault", job: string): Promise<readonly [number, string]> {
    const claims = { sub: `global:default:${job}:g:t:x`, nomad_namespace: "default", nomad_job_id: job };
    const { CONSUL_HTTP_ADDR } = cluster.addresses;
    const { VAULT_ADDR: vault, VAULT_CACERT } = cluster.environment;
    const dispatcher = new Agent({ connect: { ca: VAULT_CACERT && readFileSync(VAULT_CACERT) } });
    const [url, body] =
      at === "consul"
        ? [
            `${CONSUL_HTTP_ADDR}/v1/acl/login`,
            { AuthMethod: "nomad-workloads", BearerToken: forged("consul.io", { ...claims, nomad_service: job }) },
          ]
        : [
            `${vault}/v1/auth/jwt-nomad/login`,
            { role: "nomad-workloads", jwt: forged("vault.io", { ...claims, nomad_task: "t" }) },
          ];
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body), dispatcher });
    return [answer.status, await answer.text()];
  }
  const REFUSED = {
    consul: [500, expect.stringContaining("no known key successfully validated the token signature")],
    vault: [400, expect.stringContaining("no known key successfully validated the token signature")],
  };

  async function kill(agent: string): Promise<void> {
    process.kill((await status()).agents.find(({ name }) => name === agent)?.pid ?? 0, "SIGKILL");
    await until("its end", () => !project.runs(agent));
  }

  test("that whoever took the port of a Nomad signs are believed by nobody", async () => {
    await kill("nomad");
    await publish(Number(new URL(cluster.addresses.NOMAD_ADDR).port));
    for (const at of believers) expect([at, await login(at, "web")]).toEqual([at, REFUSED[at]]);
    await stranger.remove();
    await up();
    for (const at of believers) expect([at, await login(at, "web")]).toEqual([at, REFUSED[at]]);
  });

  test("are believed after the keys were changed, once up was called", async () => {
    const method = () =>
      cluster.consul.http.get(
        apiPath`/v1/acl/auth-method/nomad-workloads`,
        v.object({ Config: v.looseObject({ JWTValidationPubKeys: v.array(v.string()) }) }),
      );
    const before = (await method()).Config;
    expect([before.JWTValidationPubKeys.length > 0, before.JWKSURL ?? ""]).toEqual([true, ""]);
    const rotated = await cluster.ask("nomad", "/v1/operator/keyring/rotate", { method: "PUT" });
    expect(rotated.status).toBe(200);
    await up();
    expect((await method()).Config.JWTValidationPubKeys).not.toEqual(before.JWTValidationPubKeys);
  });

  const describeWithVault = VAULT_HERE === undefined ? describe.skip : describe;

  describeWithVault("at a server of secrets", () => {
    test("and the token that may do everything are told to nobody who took the port of who keeps secrets", async () => {
      const { VAULT_ADDR = "", VAULT_CACERT = "", VAULT_TOKEN = "" } = cluster.environment;
      await kill("vault");
      const heard = join(stranger.folder, "heard");
      const pair = [
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
      ];
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...pair], {
        cwd: stranger.folder,
        stdio: "ignore",
      });
      execFileSync("chmod", ["644", join(stranger.folder, "key.pem")]);
      const script = join(stranger.folder, "vault.js");
      writeFileSync(
        script,
        `const { appendFileSync, readFileSync } = require("node:fs");
      const answers = (request, answer) => {
        appendFileSync("heard", JSON.stringify([request.url, request.headers]) + "\\n");
        answer.end('{"initialized":true,"sealed":false,"standby":false}');
      };
      const plain = require("node:http").createServer(answers);
      const tls = require("node:https").createServer({ key: readFileSync("key.pem"), cert: readFileSync("cert.pem") }, answers);
      // Whoever asks in either way is heard.
      require("node:net").createServer((socket) => {
        appendFileSync("called", "x");
        socket.on("error", () => undefined);
        socket.once("data", (first) => {
          socket.pause();
          socket.unshift(first);
          (first[0] === 22 ? tls : plain).emit("connection", socket);
          process.nextTick(() => socket.resume());
        });
      }).listen(${Number(new URL(VAULT_ADDR).port)}, "127.0.0.1");`,
      );
      stranger.run([process.execPath, script]);
      await until("somebody else at its port", () => isOpen(Number(new URL(VAULT_ADDR).port)));
      // A shell that was given the variables before.
      const own = {
        PATH: process.env.PATH,
        BAO_ADDR: VAULT_ADDR,
        VAULT_ADDR,
        VAULT_TOKEN,
        VAULT_CACERT,
        BAO_CACERT: VAULT_CACERT,
      };
      expect(() => execFileSync(VAULT_HERE ?? "", ["kv", "get", "secret/x"], { env: own, stdio: "pipe" })).toThrow(
        /certificate/,
      );
      // Nomad's client logs in for a task.
      await cluster.nomad.register(reader.toApi().Job as JobJson);
      await until(
        "that it was called",
        () =>
          existsSync(join(stranger.folder, "called")) &&
          readFileSync(join(stranger.folder, "called"), "utf8").length > 2,
      );
      expect(existsSync(heard) ? readFileSync(heard, "utf8") : "").toBe("");
      await stranger.remove();
      await up();
    });
  });
});
