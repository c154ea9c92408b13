import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentsOf, namedAgents, type NomadAgent } from "../../../lib/local/agents/agents";
import { Guard } from "../../../lib/local/guard";
import { reservePorts, type ReservedPorts } from "../../support/ports";

// A Nomad gives its port away between its two starts.

const KEYS = { caFile: "ca", certFile: "cert", keyFile: "key", gossip: { nomad: "a", consul: "b" } };
let folder: string;
let ports: ReservedPorts;
let agent: NomadAgent;
let child: ChildProcess;
let other: Server | undefined;

/** Starts what has the arguments of a Nomad. @param answer what it answers to everything */
async function start(answer: string): Promise<void> {
  writeFileSync(
    join(folder, "agent"),
    `require("node:http").createServer((_, to) => to.end(${JSON.stringify(answer)}))
      .listen(${agent.ports["Nomad HTTP"]}, "127.0.0.1", () => console.log("listening"));`,
  );
  const config = `-config=${join(folder, ".cdk-nomad", "nomad.json")}`;
  child = spawn(process.execPath, ["agent", config], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
}

/** Listens at its port as soon as it may, and says that it leads. */
async function takePort(): Promise<void> {
  for (;;) {
    const server = createServer((_, answer) => answer.end('"127.0.0.1:4647"'));
    const taken = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(agent.ports["Nomad HTTP"], "127.0.0.1", () => resolve(true));
    });
    if (taken) return void (other = server);
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  mkdirSync(join(folder, ".cdk-nomad"));
  ports = await reservePorts();
  agent = namedAgents(agentsOf({ portOffset: ports.offset, regions: ["global"] })).nomad;
});
afterEach(async () => {
  child.kill("SIGKILL");
  other?.close();
  other = undefined;
  await ports.release();
  rmSync(folder, { recursive: true, force: true });
});

const guard = (restart: () => Promise<void>, patience = 20_000) =>
  new Guard(join(folder, ".cdk-nomad"), agent, { keys: KEYS, restart, patience });

test("it is started again, as one that everybody may ask", async () => {
  await start("no leader");
  const first = child.pid;
  await guard(() => start('"127.0.0.1:4647"')).lift();
  expect(child.pid).not.toBe(first);
  expect(await (await fetch(`http://127.0.0.1:${agent.ports["Nomad HTTP"]}/v1/status/leader`)).json()).toBe(
    "127.0.0.1:4647",
  );
});

test("whoever takes its port meanwhile is not believed, and named", async () => {
  await start("no leader");
  const lifted = guard(takePort, 2_000).lift();
  await expect(lifted).rejects.toThrow(
    new RegExp(
      `process ${process.pid}, .* took the port of nomad, ${agent.ports["Nomad HTTP"]}, while it was starting`,
    ),
  );
});
