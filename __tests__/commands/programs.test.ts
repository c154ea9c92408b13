import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Interruption } from "../../lib/cli/interruption";
import { cli, environment } from "../support/run-cli";

// A program that exports jobs is somebody's code: whatever it does, it does in a process of its own.

const LIBRARY = JSON.stringify(join(__dirname, "../../lib/jobspec"));

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "cdk-nomad-programs-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** Writes a program of one job, with something that it does beside. */
function program(beside: string, jobs: readonly string[] = ["web"]): void {
  const exported = jobs.map(
    (id, index) => `export const job${index} = new Job({ id: ${JSON.stringify(id)}, groups: [new TaskGroup({ name: "g",
      tasks: [new Task({ name: "t", driver: Driver.exec({ command: "/bin/true" }) })] })] });`,
  );
  writeFileSync(
    join(cwd, "jobs.ts"),
    `import { Driver, Job, Task, TaskGroup } from ${LIBRARY};\n${beside}\n${exported.join("\n")}\n`,
  );
}

const COMMANDS = [
  ["validate", ["validate"], /^✓ jobs\.ts\n$/],
  ["render", ["render"], /"ID": "web"/],
  ["import", ["import"], /export const web = new Job/],
  ["capacity", ["capacity", "--node", "4cpu,8GiB"], /web g/],
] as const;

test.each(COMMANDS)(
  "cdk-nomad %s shows what a program writes on stderr alone, and no control of a terminal acts",
  async (_name, args, expected) => {
    program(`console.log("to stdout \\u001b[2J"); process.stderr.write("to stderr\\n");`);
    const { code, stdout, stderr } = await cli([...args, "jobs.ts"], { cwd, env: environment() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(expected) as string });
    expect(stdout).not.toContain("to stdout");
    expect(stderr).toContain("to stdout");
    expect(stderr).toContain("to stderr");
    expect(stderr).not.toContain("\u001b");
  },
);

describe("a program", () => {
  const run = (signal = new AbortController().signal) =>
    cli(["validate", "jobs.ts"], { cwd, env: environment(), signal });

  test("changes nothing of this process", async () => {
    program(`(globalThis as any).touched = true; Object.assign(process.env, { TOUCHED: "yes" });
      Object.defineProperty(Object.prototype, "touched", { value: true }); process.stdout.write = () => { throw new Error("no"); };`);
    expect((await run()).code).toBe(0);
    expect("touched" in globalThis || "TOUCHED" in process.env || "touched" in {}).toBe(false);
  });

  test("ends a program that never ends, and all that it started", async () => {
    program(`import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
      const child = spawn("sleep", ["600"]); writeFileSync("pid", String(child.pid)); for (;;) {}`);
    const stop = new AbortController();
    const running = run(stop.signal);
    while (!existsSync(join(cwd, "pid")) || readFileSync(join(cwd, "pid"), "utf8") === "")
      await new Promise((later) => setTimeout(later, 50));
    stop.abort(Interruption.bySignal("SIGINT"));
    expect(await running).toMatchObject({ code: 130, stdout: "" });
    const pid = Number(readFileSync(join(cwd, "pid"), "utf8"));
    for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) await new Promise((later) => setTimeout(later, 50));
    expect(isAlive(pid)).toBe(false);
  });

  test.each<[string, string, RegExp]>([
    ["throws", `throw new Error("no luck");`, /jobs\.ts[^]*does not run: no luck/],
    ["throws what is no error", `throw "no luck";`, /jobs\.ts[^]*does not run: no luck/],
    ["is no TypeScript", `const = ;`, /jobs\.ts[^]*does not run/],
    [
      "imports what is not there",
      `import "./nowhere";`,
      /jobs\.ts[^]*does not run: Cannot find module '\.\/nowhere' \[/,
    ],
    [
      "imports a package that is not there",
      `import "left-out/part";`,
      /Cannot find module 'left-out\/part'; install left-out in the folder of jobs\.ts, or in one above/,
    ],
    ["ends itself", `console.log("I am off"); process.exit(7);`, /jobs\.ts[^]*ended with 7[^]*I am off/],
    ["kills itself", `process.kill(process.pid, "SIGKILL"); for (;;) {}`, /jobs\.ts[^]*was ended by SIGKILL/],
  ])("that %s says so, with the file's name and without a stack", async (_what, beside, message) => {
    program(beside);
    const { code, stdout, stderr } = await run();
    expect(code).toBe(1);
    const said = stdout + stderr;
    expect(said).toMatch(message);
    expect(said).not.toMatch(/\n\s+at |program-runner/);
  });

  test("keeps what it waits for from holding the command", async () => {
    program(`setInterval(() => undefined, 1000);`);
    expect((await run()).code).toBe(0);
  });

  test("says what is done where it takes more than a moment", async () => {
    program(`Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);`);
    expect((await run()).stderr).toContain("running jobs.ts");
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/ Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("validate judges every job of a program, for the Nomad that is named", async () => {
  program("", ["a", "b c", "d"]);
  const said = await cli(["validate", "jobs.ts"], { cwd, env: environment() });
  expect(said).toMatchObject({ code: 1, stdout: expect.stringContaining("b c.id") as string });
  writeFileSync(
    join(cwd, "jobs.ts"),
    `import { Job } from ${LIBRARY};\nexport const a = new Job({ id: "a", groups: [{ name: 1 } as never] });`,
  );
  const wrong = await cli(["validate", "jobs.ts"], { cwd, env: environment() });
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toMatch(/error groups/);
});

test("render prints every job that a program exports, once", async () => {
  program("export const same = [1];", ["a", "b"]);
  const { stdout } = await cli(["render", "jobs.ts"], { cwd, env: environment() });
  expect((JSON.parse(stdout) as { Job: { ID: string } }[]).map(({ Job }) => Job.ID)).toEqual(["a", "b"]);
  writeFileSync(join(cwd, "none.ts"), "export const a = 1;");
  const none = await cli(["render", "none.ts"], { cwd, env: environment() });
  expect(none.stderr).toContain("none.ts: exports no job; write: export const none = new Job({ … })");
  // As an import of a file with variables is.
  writeFileSync(join(cwd, "function.ts"), "export const web = () => 1;");
  const made = await cli(["render", "function.ts"], { cwd, env: environment() });
  expect(made.stderr).toMatch(/exports no job but the function web;\s.*export\s+const\s+job\s+=\s+web\(\{ … \}\)/s);
});
