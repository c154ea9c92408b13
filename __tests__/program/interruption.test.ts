import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ended } from "../support/project";
import { environment } from "../support/run-cli";

const ROOT = join(__dirname, "../..");
/** A command that does not end at once goes on for this long; a machine under load may take a part of it to end one. */
const FAR_TOO_LONG = 15_000;

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
    expect(processesOf(place)).toEqual([]);
  },
  60_000,
);

test.each([
  ["preview", ["preview", "dev"], /asking Nomad/, "nothing was changed"],
  ["drift", ["drift", "dev"], /comparing/, "nothing was changed"],
  ["deploy", ["deploy", "dev"], /asking Nomad/, "Come back with: cdk-nomad status dev --watch"],
  ["promote", ["promote", "dev"], /synthesizing/, "Come back with: cdk-nomad status dev --watch"],
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
  60_000,
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
}, 60_000);
