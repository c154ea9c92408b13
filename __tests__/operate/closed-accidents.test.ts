import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterStatus } from "../../lib/local";
import { CLUSTER_MARK } from "../../lib/local/agents/agents";
import { readTokens } from "../../lib/local/access/tokens";
import { binaryHere } from "../support/binaries";
import { clusterForSuite } from "../support/cluster";
import { isOpen } from "../support/open-port";
import { flat, Project, type Said } from "../support/project";
import { Stranger, whyNoStranger } from "../support/stranger";
import { until } from "../support/until";

// What is left of a closed cluster, or planted where it will be, and what another user of the machine makes of it.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, started: false });
const { project } = cluster;
const up = () => project.run(["up", "--port-offset", String(cluster.offset)]);
const status = async () => JSON.parse((await project.run(["status", "--json"])).stdout) as ClusterStatus;

test("links that stand where the cluster keeps its files lead nobody out of its folder", async () => {
  const { folder } = project.cluster;
  mkdirSync(folder);
  const outside = mkdtempSync(join(tmpdir(), "outside-"));
  try {
    writeFileSync(join(outside, "kept"), "kept");
    for (const name of ["data", "tokens"]) symlinkSync(outside, join(folder, name));
    for (const name of ["nomad.json", "consul.json", "consul.log", "cluster.json"]) {
      symlinkSync(join(outside, "kept"), join(folder, name));
    }
    expect((await project.run(["down"])).code).toBe(0);
    for (const name of ["data", "tokens"]) symlinkSync(outside, join(folder, name));
    for (const name of ["nomad.json", "consul.json"]) symlinkSync(join(outside, "kept"), join(folder, name));
    expect((await up()).code).toBe(0);
    expect([readdirSync(outside), readFileSync(join(outside, "kept"), "utf8")]).toEqual([["kept"], "kept"]);
    expect(statSync(outside).mode & 0o777).toBe(0o700);
    for (const name of ["data", "tokens"]) expect(lstatSync(join(folder, name)).isDirectory()).toBe(true);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});

test("commands that start and stop the cluster at once come one after another, and leave it as the last one says", async () => {
  const RIGHT_NOW = /starts or stops this cluster right now/;
  const isTold = (said: Said) => said.code === 0 || RIGHT_NOW.test(flat(said));
  const ups = await Promise.all([up(), up()]);
  expect(ups.map(isTold)).toEqual([true, true]);
  expect(ups.some(({ code }) => code === 0)).toBe(true);
  const mixed = await Promise.all([project.run(["down"]), up()]);
  expect(mixed.map(isTold)).toEqual([true, true]);
  expect(["running", "stopped"]).toContain((await status()).phase);
  expect((await project.run(["down"])).code).toBe(0);
  expect([(await status()).phase, project.leftovers()]).toEqual(["stopped", { processes: [], mounts: [] }]);
});

test("an up that fails leaves nothing running of what it began", async () => {
  const broken = join(project.folder, "nomad");
  const path = (await binaryHere("nomad")).path;
  // It says its version, and does not start.
  writeFileSync(broken, `#!/bin/sh\n[ "$1" = agent ] && { echo "no room"; exit 1; }\nexec '${path}' "$@"\n`, {
    mode: 0o755,
  });
  const said = await project.run(["up", "--port-offset", String(cluster.offset)], {
    PATH: `${project.folder}:${process.env.PATH}`,
  });
  rmSync(broken);
  expect([said.code, flat(said)]).toEqual([
    1,
    expect.stringMatching(/what was begun is ended again: consul and nomad .*nomad ended; the end of its log.*no room/),
  ]);
  expect([(await status()).phase, project.leftovers().processes]).toEqual(["stopped", []]);
  expect((await up()).code).toBe(0);
});

const why = whyNoStranger();
if (why !== undefined) console.log(`skipped: what another user of the machine does; ${why}`);
const describeWithStranger = why === undefined ? describe : describe.skip;

describeWithStranger("another user", () => {
  let stranger: Stranger;
  beforeEach(() => (stranger = new Stranger()));
  afterEach(() => stranger.remove());

  test("who takes the port of a Nomad that died is told no token, and the old one holds no more", async () => {
    expect((await up()).code).toBe(0);
    const old = readTokens(project.cluster.folder)?.nomad ?? "";
    const pid = (await status()).agents.find(({ name }) => name === "nomad")?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    await until("its end", () => !project.runs("nomad"));
    const { port } = new URL(cluster.addresses.NOMAD_ADDR);
    const heard = join(stranger.folder, "heard");
    const server = `const { appendFileSync } = require("node:fs");
      require("node:http").createServer(({ headers, url }, answer) => {
        appendFileSync(${JSON.stringify(heard)}, JSON.stringify({ url, headers }) + "\\n");
        answer.setHeader("X-Nomad-Index", "1");
        answer.end("[]");
      }).listen(${port}, "127.0.0.1");`;
    stranger.run([process.execPath, "-e", server]);
    await until("somebody else at its port", () => isOpen(Number(port)));
    writeFileSync(heard, "");
    chmodSync(heard, 0o666);
    for (const command of [["ls"], ["status", "dev"], ["deploy", "dev"], ["ui", "--print"], ["up"]]) {
      const said = await project.run(command);
      expect([command, said.code, flat(said)]).toEqual([command, 1, expect.stringMatching(/process \d+/)]);
    }
    for (const command of ["status", "env"]) expect((await project.run([command])).stdout).not.toContain(old);
    // Consul goes on looking whether Nomad is well, and says nothing of itself.
    const asked = readFileSync(heard, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.includes("/v1/agent/health?type="));
    expect(asked).toEqual([]);
    expect(readFileSync(heard, "utf8")).not.toMatch(/token/i);
    await stranger.remove();
    expect((await up()).code).toBe(0);
    const ask = (token: string) =>
      fetch(`${cluster.addresses.NOMAD_ADDR}/v1/jobs`, { headers: { "X-Nomad-Token": token } });
    expect((await ask(old)).status).toBe(403);
    expect((await ask(readTokens(project.cluster.folder)?.nomad ?? "")).status).toBe(200);
    await project.run(["down"]);
  });

  test("whose process looks like an agent decides nothing, and is left alone", async () => {
    const { folder } = project.cluster;
    const mark = {
      format: 1,
      portOffset: cluster.offset,
      regions: ["global"],
      closed: false,
      agents: { consul: { version: "1", path: "/x", from: "PATH" } },
    };
    // They wait for good, and start nothing that would live on after them.
    execFileSync("mkfifo", [join(stranger.folder, "nothing")]);
    writeFileSync(join(stranger.folder, "agent"), "read -r < nothing\n");
    const children = ["consul", "nomad"].map((name) => {
      const flag = name === "consul" ? "-config-file" : "-config";
      const env = { [CLUSTER_MARK]: JSON.stringify(mark) };
      return stranger.run(["bash", "agent", "-dev", `${flag}=${join(folder, `${name}.json`)}`], "ignore", env);
    });
    await until("that they run", () => project.runs("nomad") && project.runs("consul"));
    expect(await status()).toMatchObject({ phase: "stopped", forgotten: false });
    const said = await up();
    expect([said.code, await status()]).toMatchObject([0, { phase: "running", closed: true, peersOnly: true }]);
    expect((await project.run(["down"])).code).toBe(0);
    expect(children.map(({ exitCode, signalCode }) => [exitCode, signalCode])).toEqual([
      [null, null],
      [null, null],
    ]);
  });
});
