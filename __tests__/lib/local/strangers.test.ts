import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedCluster, SILENT } from "../../../lib/local";
import { isConfigurationFile } from "../../../lib/local/agents/agents";
import { isOf } from "../../../lib/local/agents/living-agents";
import { listensItself } from "../../../lib/local/agents/ports";
import { usersOf } from "../../../lib/local/machine/processes";
import { readMark, readState } from "../../../lib/local/agents/state";
import { MACHINE } from "../../support/binaries";

// What other users of the machine may write and start, and what is taken from them.

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("names of regions, of which paths are made", () => {
  const state = (...regions: readonly string[]) => JSON.stringify({ format: 1, portOffset: 0, regions, agents: {} });
  const WRONG = ["x/../../../../etc", "..", "", "a b", "a\0", "-a", "a".repeat(64), "ü"];

  test.each(WRONG)("%j is read neither of an agent nor of a file", (region) => {
    expect(readMark(state("global", region))).toBeUndefined();
    const place = join(folder, ".cdk-nomad");
    mkdirSync(place);
    writeFileSync(join(place, "cluster.json"), state("global", region));
    expect(() => readState(place)).toThrow(/is of another release/);
    expect(isConfigurationFile(`nomad-${region}.json`)).toBe(false);
  });

  test.each(WRONG)("%j is not started", async (region) => {
    const cluster = new EmbeddedCluster(join(folder, ".cdk-nomad"));
    const options = { regions: ["global", region], cache: folder, env: {}, machine: MACHINE, progress: SILENT };
    await expect(cluster.up(options)).rejects.toThrow(/small letters, digits and hyphens/);
  });

  test("of clouds are read", () => {
    expect(readMark(state("us-west-1", "eu2"))?.regions).toEqual(["us-west-1", "eu2"]);
    expect(isConfigurationFile("nomad-us-west-1.json")).toBe(true);
  });
});

describe("whose a process is", () => {
  test("both who started it and as whom it runs have to be trusted", () => {
    const trusted = new Set([0, 1000]);
    expect([isOf(trusted, [1000, 1000]), isOf(trusted, [0, 0]), isOf(trusted, [1000, 0])]).toEqual([true, true, true]);
    // A program that gives whoever starts it the rights of root.
    expect([isOf(trusted, [65534, 0]), isOf(trusted, [65534, 65534]), isOf(trusted, [])]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("is asked of the system", () => {
    const own = [process.getuid?.(), process.geteuid?.()];
    expect(usersOf(process.pid)).toEqual(own);
    expect(usersOf(2 ** 30)).toEqual([]);
  });
});

describe("who listens at a port", () => {
  let other: ChildProcess;
  let port: number;
  beforeEach(async () => {
    const server = `const s = require("node:net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port));`;
    other = spawn(process.execPath, ["-e", server], { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(other.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    port = Number(said.toString());
  });
  afterEach(() => other.kill("SIGKILL"));

  test("is the process that holds its socket, and no other one", () => {
    expect(listensItself(other.pid ?? 0, port)).toBe(true);
    expect(listensItself(process.pid, port)).toBe(process.platform !== "linux");
  });

  test("is nobody who listens at every address, where anybody may take loopback alone", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port: elsewhere } = server.address() as { port: number };
    expect(listensItself(process.pid, elsewhere)).toBe(process.platform !== "linux");
    server.close();
  });
});
