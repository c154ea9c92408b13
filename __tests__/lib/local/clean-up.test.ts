import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedCluster, mountsIn, SILENT, unmount } from "../../../lib/local";
import { allocationsIn } from "../../../lib/local/machine/cgroups";
import { exclusively } from "../../../lib/local/machine/exclusive";
import { until } from "../../support/until";

let project: string;
let folder: string;
/** Somebody's files outside of the cluster's folder. */
let outside: string;
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-clean-")));
  folder = join(project, ".cdk-nomad");
  outside = join(project, "outside");
  for (const name of ["alloc/5e8a", "nomad/alloc/5e8a"]) mkdirSync(join(outside, name), { recursive: true });
  for (const name of ["precious", "nomad.json", "alloc/5e8a/precious"]) writeFileSync(join(outside, name), "kept");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const contents = (place: string) => (readdirSync(place, { recursive: true }) as string[]).sort();

describe("down touches nothing outside of its folder, where a link leads there", () => {
  const link = (at: string, to = outside) => {
    mkdirSync(join(folder, at, ".."), { recursive: true });
    symlinkSync(to, join(folder, at));
  };
  test.each([
    ["all data", "data"],
    ["the data of an agent", "data/nomad"],
    ["all allocations", "data/nomad/alloc"],
    ["an allocation", "data/nomad/alloc/5e8a"],
    ["a folder of a task", "data/nomad/alloc/5e8a/web/local/files"],
  ])("in place of %s", async (_what, at) => {
    link(at);
    const before = contents(outside);
    // The cgroups of the allocations whose files are there are removed, and of no others.
    expect([...allocationsIn(join(folder, "data"))]).toEqual(at.endsWith("/files") ? ["5e8a"] : []);
    await new EmbeddedCluster(folder).down(SILENT);
    expect(contents(outside)).toEqual(before);
    expect(existsSync(join(folder, "data"))).toBe(false);
  });

  test("in place of a configuration", async () => {
    link("nomad.json", join(outside, "precious"));
    await new EmbeddedCluster(folder).down(SILENT);
    expect(readFileSync(join(outside, "precious"), "utf8")).toBe("kept");
    expect(lstatSync(join(folder, "nomad.json"), { throwIfNoEntry: false })).toBeUndefined();
  });

  test("in place of its folder, which is said, by up too", async () => {
    symlinkSync(outside, folder);
    const before = contents(outside);
    const cluster = new EmbeddedCluster(folder);
    await expect(cluster.down(SILENT)).rejects.toThrow(/is a link/);
    const machine = { platform: "linux", arch: "x64", uid: 1000, home: project } as const;
    await expect(cluster.up({ cache: project, env: {}, machine, progress: SILENT })).rejects.toThrow(/is a link/);
    expect(contents(outside)).toEqual(before);
  });

  const canMount = process.getuid?.() === 0 && mountWorks();
  const testWithMounts = canMount ? test : test.skip;
  if (!canMount) process.stderr.write("skipped: down and mounts; only root may mount\n");
  testWithMounts("in place of a folder, by a mount", async () => {
    const at = join(folder, "data/nomad/alloc/5e8a/web/host files");
    mkdirSync(at, { recursive: true });
    execFileSync("mount", ["--bind", outside, at]);
    try {
      const before = contents(outside);
      await new EmbeddedCluster(folder).down(SILENT);
      expect(contents(outside)).toEqual(before);
      expect([mountsIn(folder), existsSync(join(folder, "data"))]).toEqual([[], false]);
    } finally {
      for (const mount of mountsIn(folder)) unmount(mount);
    }
  });
});

function mountWorks(): boolean {
  const at = mkdtempSync(join(tmpdir(), "cdk-nomad-mount-"));
  try {
    execFileSync("mount", ["--bind", at, at], { stdio: "ignore" });
    execFileSync("umount", [at], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

describe("what tasks left running", () => {
  test("is ended with what it starts on its way out; processes that only speak of it are not", async () => {
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    const start = (script: string, env: Record<string, string> = {}) =>
      spawn("bash", ["-c", script], { stdio: "ignore", env: { PATH: process.env.PATH, ...env } });
    const allocation = { NOMAD_ALLOC_DIR: join(data, "nomad/alloc/5e8a/alloc") };
    const stubborn = start('trap "" TERM; while true; do sleep 0.1; done', allocation);
    const child = start('trap "setsid sleep 1234567 & exit" TERM; while true; do sleep 0.1; done', allocation);
    const other = start(`: ${data}/nomad; while true; do sleep 0.1; done`, {
      NOMAD_ALLOC_DIR: `${data}2/nomad/alloc/5e8a/alloc`,
    });
    const worker = spawn("node", ["-e", "setInterval(() => {}, 1000)", "executor", `${data}/nomad`], {
      stdio: "ignore",
    });
    const children = [stubborn, child, other, worker];
    try {
      await Promise.all(children.map((each) => new Promise((spawned) => each.once("spawn", spawned))));
      expect(await new EmbeddedCluster(folder).status()).toMatchObject({ phase: "partial" });
      expect(await new EmbeddedCluster(folder).down(SILENT)).toBe(true);
      expect(children.map(({ signalCode, exitCode }) => (signalCode ?? exitCode) !== null)).toEqual([
        true,
        true,
        false,
        false,
      ]);
      const left = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
      expect(left).not.toContain("sleep 1234567");
    } finally {
      for (const each of children) each.kill("SIGKILL");
    }
  });
});

describe("on a disk that takes nothing more", () => {
  const testWithMounts = mountWorks() ? test : test.skip;
  let task: ChildProcess;
  /** A file system of the project's own, with a folder of a cluster that left a task. */
  const makeDisk = () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", project]);
    const alloc = join(folder, "data/nomad/alloc/5e8a/alloc");
    mkdirSync(alloc, { recursive: true });
    writeFileSync(join(folder, ".gitignore"), "*");
    task = spawn("sleep", ["1234567"], { stdio: "ignore", env: { NOMAD_ALLOC_DIR: alloc } });
    return new Promise((spawned) => task.once("spawn", spawned));
  };
  const end = () => until("the task's end", () => (task.signalCode ?? task.exitCode) !== null);
  afterEach(() => {
    task.kill("SIGKILL");
    execFileSync("umount", [project]);
  });

  testWithMounts("down ends everything where it is full", async () => {
    await makeDisk();
    expect(() => writeFileSync(join(project, "full"), Buffer.alloc(1024 * 1024))).toThrow(/ENOSPC/);
    expect(await new EmbeddedCluster(folder).down(SILENT)).toBe(true);
    expect(contents(folder)).toEqual([".gitignore"]);
    await end();
  });

  testWithMounts("down ends everything where it is read-only, and says that its files stay", async () => {
    await makeDisk();
    execFileSync("mount", ["-o", "remount,ro", project]);
    const cluster = new EmbeddedCluster(folder);
    expect((await cluster.status()).phase).toBe("partial");
    await expect(cluster.down(SILENT)).rejects.toThrow(
      /is on a file system that is read-only.*run cdk-nomad down again/,
    );
    expect(existsSync(join(folder, "data"))).toBe(true);
    await end();
    const machine = { platform: "linux", arch: "x64", uid: 1000, home: project } as const;
    await expect(cluster.up({ cache: outside, env: {}, machine, progress: SILENT })).rejects.toThrow(/read-only/);
  });
});

describe("one command at a time", () => {
  test.each([
    ["a file", (at: string) => writeFileSync(at, "kept")],
    ["a link to nothing", (at: string) => symlinkSync("nowhere", at)],
    ["a link to somebody's folder", (at: string) => symlinkSync(outside, at)],
    ["a folder with something in it", (at: string) => mkdirSync(join(at, "in"), { recursive: true })],
  ])("%s where the lock is to be is said, and left alone", async (_what, plant) => {
    mkdirSync(folder);
    plant(`${folder}.lock`);
    for (const at of [`${folder}.lock`, outside]) execFileSync("touch", ["-h", "-d", "1 hour ago", at]);
    const before = contents(project);
    const locked = exclusively(folder, () => Promise.resolve(1));
    await expect(locked).rejects.toThrow(/\.lock: stands where a command keeps the others out.*; remove it/);
    expect(contents(project).filter((name) => name !== ".cdk-nomad/.gitignore")).toEqual(before);
  });

  test("another one is kept out, and told which process it is", async () => {
    await exclusively(folder, async () => {
      await expect(exclusively(folder, () => Promise.resolve(1))).rejects.toThrow(
        new RegExp(`another cdk-nomad, process ${process.pid},`),
      );
    });
    expect(contents(folder)).toEqual([".gitignore"]);
  });

  test("one that was killed keeps nobody out", async () => {
    const script = `require("proper-lockfile").lock(${JSON.stringify(folder)}).then(() => {
      const { writeFileSync } = require("node:fs");
      writeFileSync(${JSON.stringify(join(folder, "command.json"))}, JSON.stringify({ pid: process.pid }));
      process.kill(process.pid, "SIGKILL");
    });`;
    mkdirSync(folder);
    const killed = spawn(process.execPath, ["-e", script], { cwd: join(__dirname, "../../.."), stdio: "ignore" });
    await new Promise((ended) => killed.once("exit", ended));
    expect(existsSync(`${folder}.lock`)).toBe(true);
    expect(await exclusively(folder, () => Promise.resolve(1))).toBe(1);
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });
});
