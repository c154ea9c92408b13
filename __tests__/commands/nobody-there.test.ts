import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "../../lib/cli";
import { cli, environment } from "../support/run-cli";
import { SynthesizedProject } from "../support/synthesized";

const ROOT = join(__dirname, "../..");
const BIN = join(ROOT, "bin/cdk-nomad.js");

/** A job without anything in it. */
const WEB = { ID: "web", TaskGroups: [] };

/** An agent that takes every connection and never says anything. */
let silent: Server;
const sockets = new Set<Socket>();
let project: SynthesizedProject;
let folder: string;
beforeAll(async () => {
  silent = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
  await new Promise((listening) => silent.once("listening", listening));
  project = SynthesizedProject.ofJobs(WEB);
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-nobody-"));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  project.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** What each command is given that asks a server, or a person. `start` and `up` ask neither, and `down` has nothing to do without a cluster. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  preview: ["preview", "dev"],
  drift: ["drift", "dev", "--fix"],
  deploy: ["deploy", "dev"],
  status: ["status", "dev"],
  promote: ["promote", "dev"],
  fail: ["fail", "dev"],
  rollback: ["rollback", "dev"],
  restart: ["restart", "dev"],
  destroy: ["destroy", "dev", "--yes"],
  ls: ["ls"],
  capacity: ["capacity", "dev"],
  logs: ["logs", "web", "-f"],
  ui: ["ui"],
  env: ["env"],
  import: ["import", "--job", "web"],
  validate: ["validate"],
  render: ["render", "nothing.nomad"],
  "github comment": ["github", "comment", "preview.json"],
  "github issue": ["github", "issue", "drift.json"],
  serve: ["serve", "--pool", "web", "--tokens-variable", "nomad/jobs/pool-service"],
  "pool status": ["pool", "status", "web"],
  "pool claim": ["pool", "claim", "web"],
  "pool exec": ["pool", "exec", "0", "--", "true"],
  "pool release": ["pool", "release", "0"],
  "pool drain": ["pool", "drain", "web"],
  "pool fill": ["pool", "fill", "web"],
  "pool recycle": ["pool", "recycle", "web"],
  "pool token": ["pool", "token", "create"],
};
const WITHOUT_SERVER = ["start", "up", "down"];

const names = COMMANDS.flatMap(([, entries]) =>
  entries.flatMap((entry) =>
    "commands" in entry ? entry.commands.map(({ name }) => `${entry.name} ${name}`) : [entry.name],
  ),
).filter((name) => !WITHOUT_SERVER.includes(name));

test("every command is tried", () => {
  expect(names.filter((name) => !(name in LINES))).toEqual([]);
});

test("without a terminal, and with agents that say nothing, no command waits for ever or ends with 0", async () => {
  const { port } = silent.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  const env = environment({ NOMAD_ADDR: address, CONSUL_HTTP_ADDR: address });
  const ends = await Promise.all(
    names.map(async (name) => {
      const { code, stderr } = await cli(LINES[name] ?? [name], { cwd: project.folder, env, silence: 100 });
      return { name, code, said: stderr.trim() !== "", crashed: / at .*\.(ts|js):\d+/.test(stderr) };
    }),
  );
  expect(ends).toEqual(names.map((name) => ({ name, code: 1, said: true, crashed: false })));
}, 300_000);

describe("colour", () => {
  const escape = "\u001b[";
  test.each<[string, boolean, Record<string, string>, boolean]>([
    ["in a pipe", false, {}, false],
    ["on a terminal", true, {}, true],
    ["on a terminal with NO_COLOR", true, { NO_COLOR: "1" }, false],
    ["on a terminal that is dumb", true, { TERM: "dumb" }, false],
    ["in a pipe with FORCE_COLOR", false, { FORCE_COLOR: "1" }, true],
    ["on a terminal with FORCE_COLOR=0", true, { FORCE_COLOR: "0" }, false],
  ])("%s", async (_where, isTerminal, more, colored) => {
    const { NO_COLOR: _none, ...env } = environment();
    const { stderr } = await cli(["deploy", "dev", "--timeout", "soon"], {
      cwd: project.folder,
      env: { ...env, TERM: "xterm", ...more },
      ...(isTerminal ? { columns: 80 } : {}),
    });
    expect(stderr).toContain("is no length of time");
    expect(stderr.includes(escape)).toBe(colored);
  });
});

test("a reader that has seen enough, as head, is no error", () => {
  const file = join(folder, "large.json");
  const env = Object.fromEntries(Array.from({ length: 20_000 }, (_none, index) => [`NAME_${index}`, "value"]));
  const task = { Name: "t", Driver: "exec", Config: { command: "/bin/true" }, Env: env };
  writeFileSync(file, JSON.stringify({ ID: "large", TaskGroups: [{ Name: "g", Tasks: [task] }] }));
  const { stdout, stderr } = spawnSync(
    "bash",
    ["-c", `"$0" "$1" render "$2" | head -1; echo "\${PIPESTATUS[0]}"`, process.execPath, BIN, file],
    { encoding: "utf8", env: environment() },
  );
  expect({ stdout, stderr }).toEqual({ stdout: "{\n0\n", stderr: "" });
}, 300_000);

test.each([
  [["--help"], 0],
  [["status"], 7],
])(
  "%j loads neither cdktf nor TypeScript nor Prettier",
  (args, code) => {
    const list = join(folder, "loaded.txt");
    const hook = join(folder, "hook.cjs");
    writeFileSync(
      hook,
      `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join("\\n")));`,
    );
    const { status } = spawnSync(process.execPath, ["-r", hook, BIN, ...args], {
      cwd: project.folder,
      encoding: "utf8",
      env: environment(),
    });
    expect(status).toBe(code);
    const loaded = readFileSync(list, "utf8");
    expect(loaded).toContain("node_modules/commander/");
    expect(loaded).not.toMatch(/node_modules\/(cdktf|constructs|typescript|prettier|@octokit|@cdktf)\//);
  },
  300_000,
);
