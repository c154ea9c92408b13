import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { otherClusterFolderAt, takenPorts } from "../../../lib/local";
import { reservePorts, type ReservedPorts } from "../../support/ports";
import { cli, environment } from "../../support/run-cli";

// A second clone of a project finds the first one's cluster at the usual ports: whose it is is said by its folder.

let project: string;
let ports: ReservedPorts;
let agent: ChildProcess;
const port = () => 4646 + ports.offset;

beforeAll(async () => {
  ports = await reservePorts();
  project = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad next door-")));
  const folder = join(project, ".cdk-nomad");
  mkdirSync(folder);
  writeFileSync(join(folder, "cluster.json"), JSON.stringify({ format: 1, portOffset: ports.offset, agents: {} }));
  // A process as an agent is started, that listens as one.
  const script = `require("node:http").createServer((_, answer) => answer.writeHead(403).end("no")).listen(${port()}, "127.0.0.1", () => process.stdout.write("up"))`;
  writeFileSync(join(project, "agent"), script);
  agent = spawn(process.execPath, ["agent", "-dev", `-config=${join(folder, "nomad.json")}`], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => agent.stdout?.once("data", resolve));
});
afterAll(async () => {
  agent.kill("SIGKILL");
  rmSync(project, { recursive: true, force: true });
  await ports.release();
});

test("the cluster of another folder is known by its address, and the own one is none next door", () => {
  const address = `http://127.0.0.1:${port()}`;
  expect(otherClusterFolderAt(address, "/elsewhere/.cdk-nomad")).toBe(join(project, ".cdk-nomad"));
  expect(otherClusterFolderAt(address, join(project, ".cdk-nomad"))).toBeUndefined();
  expect(otherClusterFolderAt("http://127.0.0.1:1", "/elsewhere/.cdk-nomad")).toBeUndefined();
});

test("a port that it has is said to be its", async () => {
  const [taken] = await takenPorts({ "Nomad HTTP": port() });
  expect(taken?.owner).toContain(`(of the embedded cluster of ${project})`);
});

test("a command of another folder says whose cluster it talks to", async () => {
  const other = mkdtempSync(join(tmpdir(), "cdk-nomad-clone-"));
  try {
    writeFileSync(join(other, "cdktf.json"), "{}");
    const env = environment({ NOMAD_ADDR: `http://127.0.0.1:${port()}`, CONSUL_HTTP_ADDR: "http://127.0.0.1:1" });
    const { stderr } = await cli(["ls"], { cwd: other, env, columns: 3000 });
    expect(stderr).toContain(`, the embedded cluster of ${project}`);
    // Its agent refuses who has no token: where one is to be had is said whole, since this folder gives none of it.
    expect(stderr).toContain(`for the embedded cluster of ${project}: cd '${project}' && eval "$(`);
    // Pasted into a shell, it goes to that folder.
    const pasted = /cd .* && eval "\$\((npx )?cdk-nomad env\)"/.exec(stderr)?.[0] ?? "exit 1";
    const shell = `npx() { echo 'pwd'; }; cdk-nomad() { npx; }; ${pasted}`;
    expect(execFileSync("bash", ["-c", shell], { cwd: other, encoding: "utf8" })).toBe(`${project}\n`);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
