import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { withSynthesis } from "../../../lib/operations";

/** Projects whose programs are a few lines, so that many can run. */
const folders: string[] = [];

function project(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-synthesis-"));
  folders.push(folder);
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ app: `"${process.execPath}" main.js` }));
  writeFileSync(join(folder, "main.js"), program);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const runsOf = (folder: string) => readdirSync(join(folder, ".cdk-nomad/synth"));

const WRITES_MARK = `
  const { writeFileSync } = require("node:fs");
  const { join } = require("node:path");
  const write = (name) => writeFileSync(join(process.env.CDKTF_OUTDIR, name), process.env.MARK);
  write("first");
  setTimeout(() => write("second"), 20);
`;

test("runs at the same time never see each other's files, and leave none", async () => {
  const folder = project(WRITES_MARK);
  // Each round at once; the processes' own handlers of the exit are a few.
  for (let round = 0; round < 6; round += 1) {
    const marks = ["a", "b", "c", "d"].map((name) => `${name}-${round}`);
    const found = await Promise.all(
      marks.map((MARK) =>
        withSynthesis({ project: folder, env: { MARK } }, async (outdir) => {
          expect(statSync(outdir).mode & 0o777).toBe(0o700);
          return readdirSync(outdir).map((name) => readFileSync(join(outdir, name), "utf8"));
        }),
      ),
    );
    expect(found).toEqual(marks.map((mark) => [mark, mark]));
  }
  expect(runsOf(folder)).toEqual([]);
});

test("a folder is removed where the program or its reader fails", async () => {
  const folder = project(`console.error("no such thing"); process.exit(3)`);
  await expect(withSynthesis({ project: folder, env: process.env }, async () => undefined)).rejects.toThrow(
    "no such thing",
  );
  writeFileSync(join(folder, "main.js"), "");
  await expect(
    withSynthesis({ project: folder, env: process.env }, () => Promise.reject(new Error("unreadable"))),
  ).rejects.toThrow("unreadable");
  expect(runsOf(folder)).toEqual([]);
});

test("a program that fails is said to be the one that cdktf.json names, with what it said", async () => {
  const silent = project("process.exit(3)");
  await expect(withSynthesis({ project: silent, env: process.env }, async () => undefined)).rejects.toThrow(
    '"app" of cdktf.json: ended with 3, without any output',
  );
  const speaking = project(`console.error("no such thing"); process.exit(4)`);
  await expect(withSynthesis({ project: speaking, env: process.env }, async () => undefined)).rejects.toThrow(
    '"app" of cdktf.json: ended with 4\nno such thing',
  );
});

test("many at once in one process are no leak that Node warns of", async () => {
  const folder = project("");
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on("warning", onWarning);
  const { signal } = new AbortController();
  const before = process.listenerCount("exit");
  await Promise.all(
    Array.from({ length: 24 }, () => withSynthesis({ project: folder, env: {}, signal }, async () => undefined)),
  );
  await sleep(0);
  process.off("warning", onWarning);
  expect([warnings, process.listenerCount("exit")]).toEqual([[], before]);
});

test("removes what a process left that was killed, and nothing of one that lives or of another machine", async () => {
  const folder = project("");
  const runs = join(folder, ".cdk-nomad/synth");
  const { pid: dead } = spawnSync(process.execPath, ["-e", ""]);
  const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, "_");
  const kept = [`${host}-${process.pid}-abcdef`, `elsewhere-${dead}-abcdef`];
  for (const name of [...kept, `${host}-${dead}-abcdef`]) mkdirSync(join(runs, name), { recursive: true });
  await withSynthesis({ project: folder, env: process.env }, async () => undefined);
  expect(runsOf(folder).sort()).toEqual(kept.sort());
});

test("aborted, ends the program with all that it started, also where it does not listen", async () => {
  const folder = project(`
    const { spawn } = require("node:child_process");
    process.on("SIGTERM", () => undefined);
    const other = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => 0); setInterval(() => 0, 1000)"], { stdio: "inherit" });
    require("node:fs").writeFileSync("pids", JSON.stringify([process.pid, other.pid]));
    setInterval(() => 0, 1000);
  `);
  const stop = new AbortController();
  const ended = withSynthesis({ project: folder, env: process.env, signal: stop.signal }, async () => undefined);
  const caught = ended.catch((error: unknown) => error);
  const file = join(folder, "pids");
  while (!existsSync(file) || readFileSync(file, "utf8") === "") await sleep(20);
  const pids = JSON.parse(readFileSync(file, "utf8")) as number[];
  stop.abort(new Error("interrupted"));
  expect(await caught).toBe(stop.signal.reason);
  const alive = () =>
    pids.filter((pid) => existsSync(`/proc/${pid}`) && !/ Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
  for (let waited = 0; waited < 5000 && alive().length > 0; waited += 20) await sleep(20);
  expect(alive()).toEqual([]);
  expect(runsOf(folder)).toEqual([]);
});

test("the program is given the context of cdktf.json, none of Terraform's variables, and nothing else of this process", async () => {
  const folder = project(
    `require("node:fs").writeFileSync(process.env.CDKTF_OUTDIR + "/env", JSON.stringify(process.env))`,
  );
  const settings = {
    app: `"${process.execPath}" main.js`,
    context: { tier: "gold" },
    terraformModules: ["./own", "far/away"],
  };
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify(settings));
  const env = { TF_VAR_password: "hunter2", CDKTF_CONTEXT_JSON: '{"other":1}' };
  const seen = await withSynthesis(
    { project: folder, env },
    async (outdir) => JSON.parse(readFileSync(join(outdir, "env"), "utf8")) as Record<string, string>,
  );
  expect(seen.TF_VAR_password).toBeUndefined();
  // What this process has, and the program was not given, such as the address of another cluster, stays away.
  expect(Object.keys(seen)).not.toContain("HOME");
  expect(JSON.parse(seen.CDKTF_CONTEXT_JSON ?? "")).toEqual({ tier: "gold", cdktfRelativeModules: ["./own"] });
});
