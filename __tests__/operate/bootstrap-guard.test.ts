import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { portsAt, type ClusterStatus } from "../../lib/local";
import { callRpc } from "../support/agent-rpc";
import { clusterForSuite } from "../support/cluster";
import { isOpen } from "../support/open-port";
import { ended, flat, Project } from "../support/project";
import { until } from "../support/until";

// What another user of the machine can do while a closed cluster starts.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, started: false });
const { project } = cluster;
const up = () => project.run(["up", "--port-offset", String(cluster.offset)]);
const rpc = () => portsAt(cluster.offset)["Nomad RPC"];
const body = () => JSON.stringify({ BootstrapSecret: randomUUID() });
const status = async () => JSON.parse((await project.run(["status", "--json"])).stdout) as ClusterStatus;

/** Asks Nomad by HTTPS. @param keys files of the cluster's certificate; default: none */
function askByTls(path: string, method: string, text: string, keys?: string): Promise<number | undefined> {
  const file = (name: string) => (keys === undefined ? undefined : readFileSync(join(keys, name)));
  return new Promise((resolve) => {
    const { port } = new URL(cluster.addresses.NOMAD_ADDR);
    const own = { cert: file("agent.pem"), key: file("agent-key.pem"), rejectUnauthorized: false };
    const sent = request({ host: "127.0.0.1", port, path, method, ...own }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    });
    sent.on("error", () => resolve(undefined));
    sent.setTimeout(3000, () => sent.destroy());
    sent.end(text);
  });
}

/** Asks for the first token in every way that there is. @returns those that were answered */
async function askForFirstToken(): Promise<readonly string[]> {
  const { NOMAD_ADDR } = cluster.addresses;
  const http = await fetch(`${NOMAD_ADDR}/v1/acl/bootstrap`, { method: "POST", body: body() }).catch(() => undefined);
  const https = await askByTls("/v1/acl/bootstrap", "POST", body());
  const call = { method: "ACL.Bootstrap", body: { BootstrapSecret: randomUUID(), Region: "global", AuthToken: "" } };
  const [plain, tls] = [await callRpc("nomad", rpc(), call), await callRpc("nomad", rpc(), { ...call, wire: "tls" })];
  return [
    ...(http?.ok === true ? ["HTTP"] : []),
    ...(https !== undefined ? [`HTTPS ${https}`] : []),
    ...[plain, tls].flatMap(({ answered, text }) => (answered ? [`RPC ${text}`] : [])),
  ];
}

/** Starts the cluster, and kills the command as soon as its Nomad keeps everybody out. */
async function killedInTheGuard(): Promise<void> {
  const { NOMAD_ADDR } = cluster.addresses;
  const command = project.spawn(["up", "--port-offset", String(cluster.offset)]);
  const end = ended(command);
  // That something listens is not enough: the command looks itself whether the port is free.
  const asked = async () => (await fetch(`${NOMAD_ADDR}/v1/status/leader`).catch(() => undefined))?.status;
  await until("a Nomad that keeps everybody out", async () => (await asked()) === 400);
  command.kill("SIGKILL");
  await end;
  const answer = await fetch(`${NOMAD_ADDR}/v1/status/leader`);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("HTTPS server")]);
}

test("nobody is given Nomad's first token while it starts", async () => {
  const starting = ended(project.spawn(["up", "--port-offset", String(cluster.offset)]));
  let said: Awaited<typeof starting> | undefined;
  void starting.then((each) => (said = each));
  const given: string[] = [];
  let asked = 0;
  while (said === undefined) {
    if (!(await isOpen(rpc()))) continue;
    asked += 1;
    given.push(...(await askForFirstToken()));
  }
  expect([said.code, given]).toEqual([0, []]);
  expect(asked).toBeGreaterThan(2);
  expect(await cluster.nomad.jobs()).toEqual([]);
  await project.run(["down"]);
});

test("an up that was killed while nobody else may ask is gone on with", async () => {
  await project.run(["down"]);
  await killedInTheGuard();
  expect(await askForFirstToken()).toEqual([]);
  const before = await status();
  const again = await up();
  expect([again.code, flat(again)]).toEqual([0, expect.stringContaining("nomad ready")]);
  // Nomad is started again where everybody may ask it, on what it knows.
  const consul = ({ agents }: ClusterStatus) => agents.find(({ name }) => name === "consul")?.pid;
  expect(consul(await status())).toBe(consul(before));
  expect(await cluster.nomad.jobs()).toEqual([]);
  await project.run(["down"]);
});

test("a Nomad whose first token somebody else has is ended, and said so", async () => {
  await project.run(["down"]);
  await killedInTheGuard();
  const keys = join(project.cluster.folder, "tokens/agents");
  await until("a Nomad that leads", async () => (await askByTls("/v1/acl/bootstrap", "POST", body(), keys)) === 200);
  const said = await up();
  expect([said.code, flat(said)]).toEqual([
    1,
    expect.stringMatching(/what was begun is ended again: nomad .*somebody else gave nomad .* its first token/),
  ]);
  expect(project.runs("nomad")).toBe(false);
  expect((await up()).code).toBe(0);
  expect(await cluster.nomad.jobs()).toEqual([]);
});
