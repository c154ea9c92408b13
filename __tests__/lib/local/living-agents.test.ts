import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedCluster, SILENT } from "../../../lib/local";
import { CLUSTER_MARK } from "../../../lib/local/agents/agents";
import { agentOf, livingAgents, rememberedBy } from "../../../lib/local/agents/living-agents";
import { until } from "../../support/until";

const FOLDER = "/home/me/shop/.cdk-nomad";

describe("a process is an agent of a cluster", () => {
  test.each([
    [["/usr/bin/nomad", "agent", "-dev", `-config=${FOLDER}/nomad.json`], "nomad"],
    [["nomad", "agent", "-dev", `-config=${FOLDER}/nomad-us-east.json`], "nomad-us-east"],
    [["/opt/my consul", "agent", "-dev", `-config-file=${FOLDER}/consul.json`], "consul"],
    // As ps has it, where there is no /proc.
    [`/opt/my nomad agent -dev -config=${FOLDER}/nomad.json`, "nomad"],
    [`/usr/local/bin/consul agent -dev -config-file=${FOLDER}/consul.json`, "consul"],
  ])("%j", (command, name) => {
    expect(agentOf({ command }, FOLDER)).toBe(name);
  });

  test.each([
    ["another project's", ["nomad", "agent", "-dev", "-config=/home/me/other/.cdk-nomad/nomad.json"]],
    ["one of a folder below", ["nomad", "agent", "-dev", `-config=${FOLDER}/data/nomad.json`]],
    ["one whose path begins alike", ["nomad", "agent", "-dev", `-config=${FOLDER}2/nomad.json`]],
    ["an editor with the file", ["vim", `${FOLDER}/nomad.json`]],
    ["a search for it", ["grep", "agent", "-r", `-config=${FOLDER}/nomad.json`]],
    ["another command of Nomad", ["nomad", "config", "validate", `-config=${FOLDER}/nomad.json`]],
    ["a shell that speaks of it", ["bash", "-c", `nomad agent -dev -config=${FOLDER}/nomad.json`]],
    ["another file of the folder", ["nomad", "agent", "-dev", `-config=${FOLDER}/cluster.json`]],
    ["as ps has it, another project's", `nomad agent -dev -config=/x${FOLDER}/nomad.json`],
    ["as ps has it, an editor's", `vim ${FOLDER}/nomad.json`],
  ])("but not %s", (_what, command) => {
    expect(agentOf({ command }, FOLDER)).toBeUndefined();
  });
});

describe("agents without their folder", () => {
  let project: string;
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-living-")));
    folder = join(project, ".cdk-nomad");
    mkdirSync(folder);
    // It waits for good, and starts nothing: what is forked has its arguments for a moment, and lives on after it.
    execFileSync("mkfifo", [join(project, "nothing")]);
    writeFileSync(join(project, "agent"), "read -r < nothing\n");
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    rmSync(project, { recursive: true, force: true });
  });

  /** A process as an agent is started: a script of this name, with the arguments and the environment of one. */
  async function agent(name: string, state: object, at = folder): Promise<number> {
    const flag = name.startsWith("consul") ? "-config-file" : "-config";
    const mark = { ...state, agents: { [name]: { version: "1.2.3", path: "/x", from: "PATH" } } };
    mkdirSync(at, { recursive: true });
    const log = openSync(join(at, `${name}.log`), "a");
    const child = spawn("bash", ["agent", "-dev", `${flag}=${join(at, `${name}.json`)}`], {
      cwd: project,
      stdio: ["ignore", log, log],
      env: { PATH: process.env.PATH, [CLUSTER_MARK]: JSON.stringify(mark) },
    });
    closeSync(log);
    children.push(child);
    await new Promise((spawned) => child.once("spawn", spawned));
    return child.pid ?? 0;
  }

  const ended = (pid: number) => children.some((child) => child.pid === pid && child.signalCode !== null);
  const STATE = { format: 1, portOffset: 31_000, regions: ["us-west", "us-east"] };

  test("are found, with what they know of their cluster", async () => {
    const [consul, nomad] = [await agent("consul", STATE), await agent("nomad", STATE)];
    rmSync(folder, { recursive: true });
    const living = livingAgents(folder);
    expect(living.map(({ name, pid }) => [name, pid]).sort()).toEqual([
      ["consul", consul],
      ["nomad", nomad],
    ]);
    expect(rememberedBy(living)).toMatchObject({
      portOffset: 31_000,
      regions: ["us-west", "us-east"],
      agents: { consul: { version: "1.2.3" }, nomad: { version: "1.2.3" } },
    });
  });

  test("are told of by status, and their addresses are known", async () => {
    await agent("consul", STATE);
    rmSync(folder, { recursive: true });
    const cluster = new EmbeddedCluster(folder);
    expect(await cluster.status()).toMatchObject({ phase: "partial", forgotten: true, portOffset: 31_000 });
    expect(cluster.addresses()).toMatchObject({ nomad: "http://127.0.0.1:35646" });
  });

  const describeOnLinux = existsSync("/proc/self/fd") ? describe : describe.skip;
  if (describeOnLinux === describe.skip)
    process.stderr.write("skipped: agents of a moved folder; this system has no /proc\n");
  describeOnLinux("and with it moved", () => {
    test.each([
      ["", () => undefined],
      [", behind a link by now", (project: string) => symlinkSync(join(project, "elsewhere"), join(project, "shop"))],
    ])(
      "whose folder was moved are told of, and ended with what their tasks left where it was%s",
      async (_how, then) => {
        folder = join(project, "shop", ".cdk-nomad");
        const own = [await agent("consul", STATE), await agent("nomad", STATE)];
        writeFileSync(join(folder, "kept.log"), "kept");
        const alloc = join(folder, "data/nomad/alloc/5e8a/alloc");
        const task = spawn("sleep", ["1234567"], { stdio: "ignore", env: { NOMAD_ALLOC_DIR: alloc } });
        children.push(task);
        await new Promise((spawned) => task.once("spawn", spawned));
        writeFileSync(join(folder, "cluster.json"), JSON.stringify({ ...STATE, agents: {} }));
        const moved = join(project, "elsewhere", ".cdk-nomad");
        renameSync(join(project, "shop"), join(project, "elsewhere"));
        then(project);
        const cluster = new EmbeddedCluster(moved);
        expect(await cluster.status()).toMatchObject({ phase: "partial", forgotten: true, movedFrom: folder });
        expect((await cluster.status()).agents.filter(({ running }) => running).map(({ pid }) => pid)).toEqual(
          expect.arrayContaining([own[0]]),
        );
        expect(await cluster.down(SILENT)).toBe(true);
        await until("that their ends are told", () => [...own, task.pid ?? 0].every(ended));
        expect(readFileSync(join(moved, "kept.log"), "utf8")).toBe("kept");
        expect(await cluster.status()).toMatchObject({ phase: "stopped", forgotten: false });
      },
    );
  });

  test.each([
    ["whose folder was removed", () => rmSync(folder, { recursive: true })],
    ["of which only the record was removed", () => undefined],
    ["whose record cannot be read", () => writeFileSync(join(folder, "cluster.json"), "{")],
  ])("%s are ended by down, and those of other projects are not", async (_which, accident) => {
    const own = [await agent("consul", STATE), await agent("nomad", STATE), await agent("nomad-us-east", STATE)];
    const others = [
      await agent("nomad", STATE, `${folder}2`),
      await agent("nomad", STATE, join(project, "sub", ".cdk-nomad")),
    ];
    accident();
    const cluster = new EmbeddedCluster(folder);
    expect(await cluster.down(SILENT)).toBe(true);
    await until("that their ends are told", () => own.every(ended));
    expect(others.map(ended)).toEqual([false, false]);
    expect(await cluster.status()).toMatchObject({ phase: "stopped", forgotten: false });
  });
});
