import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { filesOf } from "../../lib/local/agents/agents";
import { ended } from "../support/project";
import { environment } from "../support/run-cli";
import { until } from "../support/until";

const ROOT = join(__dirname, "../..");
/** A command that does not end at once goes on for this long; a machine under load may take a part of it to end one. */
const FAR_TOO_LONG = 60_000;

let folder: string;
/** An agent that takes every connection and never says anything. */
let silent: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-interrupted-"));
  silent = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => silent.once("listening", listening));
});
afterAll(() => {
  silent.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A project whose program is a command of the shell. */
function project(app: string): string {
  const place = mkdtempSync(join(folder, "project-"));
  writeFileSync(join(place, "cdktf.json"), JSON.stringify({ app }));
  return place;
}

/** A program that writes one empty stack. */
function quickProject(): string {
  const place = project("node program.js");
  writeFileSync(
    join(place, "program.js"),
    `const { mkdirSync, writeFileSync } = require("node:fs");
     const out = process.env.CDKTF_OUTDIR;
     mkdirSync(out + "/stacks/dev", { recursive: true });
     const job = JSON.stringify({ Job: { ID: "web", TaskGroups: [] } });
     writeFileSync(out + "/stacks/dev/cdk.tf.json", JSON.stringify({ resource: { nomad_job: { web: { jobspec: job } } } }));
     writeFileSync(out + "/manifest.json", JSON.stringify({ stacks: { dev: {} } }));`,
  );
  return place;
}

function start(args: readonly string[], cwd: string): ChildProcess {
  const { port } = silent.address() as AddressInfo;
  return spawn(process.execPath, [join(ROOT, "bin/cdk-nomad.js"), ...args], {
    cwd,
    env: environment({ NOMAD_ADDR: `http://127.0.0.1:${port}`, CONSUL_HTTP_ADDR: `http://127.0.0.1:${port}` }),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Sends signals once a command says that it is at something, and tells how it ended. */
async function interrupt(child: ChildProcess, at: RegExp, ...signals: readonly NodeJS.Signals[]) {
  const said = ended(child);
  let printed = "";
  await new Promise<void>((reached) => {
    child.once("close", () => reached());
    child.stderr?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (at.test(printed)) reached();
    });
  });
  // A moment, so that the step is begun that was said.
  await new Promise((waited) => setTimeout(waited, 300));
  const sent = Date.now();
  for (const signal of signals) child.kill(signal);
  return { ...(await said), took: Date.now() - sent };
}

/** Processes that run in a folder. */
function processesOf(place: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, "utf8").includes(place) &&
          !/ Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
        );
      } catch {
        return false;
      }
    });
}

test.each<[string, NodeJS.Signals, number, string]>([
  ["sleeps", "SIGINT", 130, "sleep 600"],
  ["sleeps", "SIGTERM", 143, "sleep 600; true"],
  ["never stops computing", "SIGINT", 130, `node -e "for (;;) {}"`],
  ["refuses to end", "SIGINT", 130, `trap "" INT TERM; while true; do sleep 1; done`],
])(
  "a program that %s: %s ends the command with %i, and the program",
  async (_what, signal, code, app) => {
    const place = project(app);
    const said = await interrupt(start(["preview", "dev"], place), /synthesizing/, signal);
    expect(said).toMatchObject({ code, stdout: "" });
    expect(said.stderr).toContain("interrupted; nothing was changed");
    expect(said.stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
    expect(said.took).toBeLessThan(FAR_TOO_LONG);
    await until("the end of what it started", () => processesOf(place).length === 0);
  },
  300_000,
);

test.each([
  ["preview", ["preview", "dev"], /asking Nomad/, "nothing was changed"],
  ["drift", ["drift", "dev"], /comparing/, "nothing was changed"],
  ["deploy", ["deploy", "dev"], /Nomad at/, "nothing was changed"],
  ["promote", ["promote", "dev"], /synthesizing/, "nothing was changed"],
  ["status", ["status", "dev"], /asking Nomad/, "nothing was changed"],
  ["logs", ["logs", "web", "-f"], /looking for/, "the task goes on"],
])(
  "%s with an agent that says nothing: Ctrl-C ends it, and says what goes on",
  async (_name, args, at, sentence) => {
    const said = await interrupt(start(args, quickProject()), at, "SIGINT");
    expect(said).toMatchObject({ code: 130, stdout: "" });
    expect(said.stderr).toContain(`interrupted; `);
    expect(said.stderr).toContain(sentence);
    expect(said.stderr).not.toMatch(/ at .*\.(ts|js):\d+/);
    expect(said.took).toBeLessThan(FAR_TOO_LONG);
  },
  300_000,
);

test("with --json the interruption is said on stdout too", async () => {
  // Nothing is said of the steps, so the moment is that at which the program runs.
  const place = project("touch begun; sleep 600");
  const child = start(["status", "dev", "--json"], place);
  const end = ended(child);
  while (!existsSync(join(place, "begun"))) await new Promise((waited) => setTimeout(waited, 50));
  child.kill("SIGINT");
  const said = await end;
  expect(said.code).toBe(130);
  expect(JSON.parse(said.stdout)).toEqual({
    error: {
      problems: [{ rule: "interrupted", path: "", message: "interrupted; nothing was changed", severity: "error" }],
    },
  });
}, 300_000);

test("whoever asks twice does not wait, and leaves nothing running", async () => {
  const place = project(`trap "" INT TERM; while true; do sleep 1; done`);
  const said = await interrupt(start(["preview", "dev"], place), /synthesizing/, "SIGINT", "SIGTERM");
  // The second of them, whichever comes second, ends it before anything is said.
  expect([130, 143]).toContain(said.code);
  expect(said.stderr).not.toContain("interrupted");
  await until("the end of what it started", () => processesOf(place).length === 0);
}, 300_000);

/** A cluster of which an agent does not answer, and does not end when it is told to. */
async function hungCluster() {
  const place = project("true");
  const folder = join(place, ".cdk-nomad");
  const { config } = filesOf(folder, "nomad");
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, "{}");
  writeFileSync(join(place, "agent"), 'trap "" TERM; while true; do sleep 0.1; done');
  const agent = spawn("bash", ["agent", "-dev", `-config=${config}`], { cwd: place, stdio: "ignore" });
  await new Promise((spawned) => agent.once("spawn", spawned));
  const { pid = 0 } = agent;
  const known = { pid, version: "1.11.3", path: "/bin/bash", from: "PATH" };
  writeFileSync(
    join(folder, "cluster.json"),
    JSON.stringify({ format: 1, portOffset: 30_000, regions: ["global"], agents: { nomad: known } }),
  );
  return { place, agent };
}

test("down: Ctrl-C ends it, says what still runs and how to go on, and lets go of the cluster", async () => {
  const { place, agent } = await hungCluster();
  try {
    const said = await interrupt(start(["down"], place), /stopping nomad/, "SIGINT");
    expect(said).toMatchObject({ code: 130, stdout: "" });
    expect(said.stderr).toContain("still running: nomad");
    expect(said.stderr).toContain("interrupted; npx cdk-nomad down goes on with it");
    expect(said.took).toBeLessThan(FAR_TOO_LONG);
    expect(existsSync(join(place, ".cdk-nomad.lock"))).toBe(false);
    expect(agent.exitCode ?? agent.signalCode).toBeNull();
  } finally {
    agent.kill("SIGKILL");
  }
}, 300_000);

describe("up that is ended while it gets its programs", () => {
  const up = (place: string, env: Readonly<Record<string, string>>) => {
    const bin = join(place, "bin");
    mkdirSync(bin);
    for (const tool of ["bash", "sleep", "mkdir", "touch", "node"])
      symlinkSync(execFileSync("which", [tool], { encoding: "utf8" }).trim(), join(bin, tool));
    const child = spawn(process.execPath, [join(ROOT, "bin/cdk-nomad.js"), "up"], {
      cwd: place,
      env: { PATH: bin, HOME: place, TMPDIR: place, NO_COLOR: "1", CDK_NOMAD_CACHE: join(place, "cache"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { bin, child };
  };
  const leftovers = (place: string) =>
    (readdirSync(place, { recursive: true }) as string[]).filter((name) => /partial|cdk-nomad-go-|\.lock/.test(name));

  test.each(["SIGINT", "SIGTERM"] as const)(
    "building: %s ends the compilers too, and no partial file is left",
    async (signal) => {
      const place = project("true");
      const { bin, child } = up(place, { CDK_NOMAD_RELEASES: "http://127.0.0.1:9" });
      // In the place of Go, a program that runs others and writes as it does.
      const go = `#!${join(bin, "bash")}\ntrap "" TERM\nmkdir -p "$GOTMPDIR/b001"\nfor last; do :; done\nshift $(($# - 2))\n: > "$1"\nsleep 600 &\necho compiling >&2\nwait\n`;
      writeFileSync(join(bin, "go"), go, { mode: 0o755 });
      const said = await interrupt(child, /building/, signal);
      expect(said.code).toBe(signal === "SIGINT" ? 130 : 143);
      expect(said.stderr).toContain("interrupted; npx cdk-nomad status says what runs");
      await until("the end of what it started", () => processesOf(place).length === 0);
      expect(leftovers(place)).toEqual([]);
    },
    300_000,
  );

  test("downloading: SIGTERM leaves no partial file", async () => {
    const archive = `consul_1.20.1_linux_${process.arch === "x64" ? "amd64" : process.arch}.zip`;
    const mirror = createHttpServer((request, response) => {
      if (request.url?.endsWith("SHA256SUMS")) response.end(`${"0".repeat(64)}  ${archive}\n`);
      else response.writeHead(200, { "content-length": "1000000" }).write("x".repeat(1000));
    }).listen(0, "127.0.0.1");
    await new Promise((listening) => mirror.once("listening", listening));
    const place = project("true");
    const { port } = mirror.address() as AddressInfo;
    const { child } = up(place, { CDK_NOMAD_RELEASES: `http://127.0.0.1:${port}` });
    const said = await interrupt(child, /downloading/, "SIGTERM");
    mirror.closeAllConnections();
    mirror.close();
    expect(said.code).toBe(143);
    expect(leftovers(place)).toEqual([]);
  }, 300_000);
});
