import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentsOf, namedAgents, type NomadAgent } from "../../../lib/local/agents";
import { Guard } from "../../../lib/local/guard";
import { reservePorts, type ReservedPorts } from "../../support/ports";

// A process that gives its port away when it reads its configuration again, as Nomad does.

const KEYS = { caFile: "ca", certFile: "cert", keyFile: "key", gossip: { nomad: "a", consul: "b" } };
let folder: string;
let ports: ReservedPorts;
let agent: NomadAgent;
let child: ChildProcess;
let other: Server | undefined;

/** @param back whether it takes the port again */
async function start(back: boolean): Promise<void> {
  writeFileSync(
    join(folder, "agent"),
    `const { createServer } = require("node:http");
    const listen = (answer) => createServer((_, to) => to.end(answer)).listen(${agent.ports["Nomad HTTP"]}, "127.0.0.1", () => console.log("listening"));
    const guarded = listen("no leader");
    process.on("SIGHUP", () => guarded.close(() => ${back} && listen('"127.0.0.1:4647"')).closeAllConnections());
    setInterval(() => undefined, 1000);`,
  );
  const config = `-config=${join(folder, ".cdk-nomad", "nomad.json")}`;
  child = spawn(process.execPath, ["agent", "-dev", config], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
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
  writeFileSync(join(folder, ".cdk-nomad", "nomad.json"), JSON.stringify({ tls: { http: true, rpc: true } }));
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

const guard = (patience: number) => new Guard(join(folder, ".cdk-nomad"), agent, KEYS, patience);

test("a Nomad that answers without TLS is open, and its configuration says so", async () => {
  await start(true);
  await guard(20_000).lift();
  const written = JSON.parse(readFileSync(join(folder, ".cdk-nomad", "nomad.json"), "utf8")) as unknown;
  expect(written).toEqual({ tls: { http: false, rpc: true } });
});

test("whoever takes its port meanwhile is not believed, and named", async () => {
  await start(false);
  const lifted = guard(2_000).lift();
  const taken = takePort();
  await expect(lifted).rejects.toThrow(
    new RegExp(
      `process ${process.pid}, .* took the port of nomad, ${agent.ports["Nomad HTTP"]}, while it was starting`,
    ),
  );
  await taken;
});
