import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { Driver } from "../../lib/jobspec";
import { apiPath, type JobJson } from "../../lib/nomad";
import { ExecutionLostError, isolationOf, NomadExecutor, type Place } from "../../lib/pools";
import { clusterForSuite } from "../support/cluster";
import { argumentsOf, forksAway, nap, processesWith } from "../support/processes";
import { until } from "../support/until";
import { waitingJob } from "../support/waiting-job";

const cluster = clusterForSuite();
let executor: NomadExecutor;
const places = new Map<string, Place>();

/** A running task of its own. */
async function placeFor(id: string, driver: Driver): Promise<Place> {
  await cluster.nomad.register(waitingJob(id, driver).toApi().Job as JobJson);
  let allocation = "";
  await until(`a running ${id}`, async () => {
    const found = (await cluster.nomad.allocations(id)).find(({ ClientStatus }) => ClientStatus === "running");
    allocation = found?.ID ?? "";
    return allocation !== "";
  });
  return { allocation, task: "t", isolation: isolationOf(driver.name) };
}

const SLEEPER = { command: "/bin/sh", args: ["-c", "while :; do sleep 1000; done"] };
const DRIVERS = [
  ["raw_exec", () => Driver.rawExec(SLEEPER)],
  ["exec", () => Driver.exec(SLEEPER)],
] as const;

beforeAll(async () => {
  executor = new NomadExecutor(cluster.nomad);
  for (const [name, driver] of DRIVERS) places.set(name, await placeFor(`wait-${name.replace("_", "-")}`, driver()));
}, 120_000);

describe.each(DRIVERS.map(([name]) => name))("a command in a task of %s", (name) => {
  const place = () => places.get(name) ?? fail(name);

  test("has its environment and its secrets as they were given, and says how it ended", async () => {
    const value = 'a\'b\n$x "q" `id` \\ ! é Á € \u0085\n';
    const said = await executor.execute(place(), 'printf %s "$A$S"; printf %s "$NOMAD_ALLOC_ID" >&2; exit 7', {
      env: { A: value },
      secrets: { S: value },
    });
    expect(said).toMatchObject({ exitCode: 7, ended: "exited", stdout: value + value, truncated: false });
    expect(said.stderr).toBe(place().allocation);
    expect(said.isolation).toBe(name === "exec" ? "chroot" : "none");
  });

  test("is a program with its arguments, which no shell reads", async () => {
    const words = ["a b", "$HOME", "'", '"', "\n", "*", ";id", "\\", "--", "é"];
    const { stdout } = await executor.execute(place(), ["printf", "%s|", ...words]);
    expect(stdout).toBe(words.map((word) => `${word}|`).join(""));
  });

  test("reads its input to the end, and ends where it does not read it", async () => {
    const large = Buffer.alloc(3_000_000, "0123456789abcdef\n");
    const counted = await executor.execute(place(), "sha256sum", { stdin: large });
    expect(counted.stdout).toContain(execFileSync("sha256sum", { input: large }).toString().slice(0, 64));
    expect(await executor.execute(place(), "exit 3", { stdin: large })).toMatchObject({ exitCode: 3, stderr: "" });
    let closed = false;
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.from("line\n");
          await sleep(5);
        }
      } finally {
        closed = true;
      }
    }
    expect(await executor.execute(place(), "head -n 1", { stdin: endless() })).toMatchObject({
      stdout: "line\n",
      stderr: "",
    });
    await until("the end of the input", () => closed);
  });

  test("with large variables gets its input after them", async () => {
    const { stdout } = await executor.execute(place(), "echo ${#A} ${#B}; cat", {
      env: { A: "x".repeat(100_000) },
      secrets: { B: "y".repeat(50_000) },
      stdin: "input",
    });
    expect(stdout).toBe("100000 50000\ninput");
  });

  test("begins in its workspace, or where it is told to", async () => {
    const workspace = await executor.execute(place(), "echo here > file; mkdir -p sub; pwd");
    expect(workspace.stdout).toMatch(/\/local\/workspace\n$/);
    expect((await executor.execute(place(), "cat ../file", { cwd: "sub" })).stdout).toBe("here\n");
    expect((await executor.execute(place(), "pwd", { cwd: "/" })).stdout).toBe("/\n");
    expect(await executor.execute(place(), "pwd", { cwd: "/no/such" })).toMatchObject({ exitCode: 126, stdout: "" });
  });

  test("that is out of time is gone soon, with children that forked away", async () => {
    const seconds = nap();
    // A busy machine may need more than a second until the command begins.
    let [timeout, said] = [1500, await outOfTime(seconds, 1500)];
    while (said.stdout === "" && timeout < 60_000) said = await outOfTime(seconds, (timeout *= 4));
    expect(said).toMatchObject({ ended: "timeout", exitCode: 124, stdout: "begun\n" });
    await gone(seconds);
  });

  const outOfTime = (seconds: string, timeout: number) =>
    executor.execute(place(), `${forksAway(seconds)} echo begun; sleep ${seconds}`, { timeout });

  test("that is cancelled is gone soon, and its callback has what it wrote", async () => {
    const seconds = nap();
    const cancel = new AbortController();
    let written = "";
    const said = await executor.execute(place(), `${forksAway(seconds)} echo begun; sleep ${seconds}`, {
      signal: cancel.signal,
      onStdout: (chunk) => {
        written += Buffer.from(chunk).toString();
        cancel.abort();
      },
    });
    expect([said.ended, said.exitCode, said.stdout, written]).toEqual(["cancelled", 130, "", "begun\n"]);
    await gone(seconds);
  });

  test("that has ended leaves nothing, though its children hold its output", async () => {
    const seconds = nap();
    const said = await executor.execute(place(), `${forksAway(seconds)} echo done; exit 5`, { timeout: 60_000 });
    expect(said).toMatchObject({ ended: "exited", exitCode: 5, stdout: "done\n" });
    await gone(seconds);
  });

  test("that ends leaves others in the same place alone", async () => {
    const seconds = nap();
    const other = executor.execute(place(), `(setsid sleep ${seconds} &) ; sleep 3; echo well`, { timeout: 60_000 });
    await until("the other's child", () => processesWith(seconds).length > 0);
    await executor.execute(place(), `(setsid sleep 1000 &); true`);
    await executor.execute(place(), `sleep 1000`, { timeout: 200 });
    expect(processesWith(seconds)).not.toEqual([]);
    expect(await other).toMatchObject({ exitCode: 0, stdout: "well\n" });
  });

  test("without an end fills no memory, and what is dropped is said", async () => {
    const before = process.memoryUsage().rss;
    const said = await executor.execute(place(), "yes é", { timeout: 2000, outputLimit: 10_000 });
    expect(said).toMatchObject({ ended: "timeout", truncated: true });
    expect(said.stdout.replaceAll("é\n", "")).toBe("");
    expect(Buffer.byteLength(said.stdout)).toBeGreaterThan(9990);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  test("waits for a callback that is slow", async () => {
    let taken = 0;
    const said = await executor.execute(place(), "head -c 3000000 /dev/zero", {
      onStdout: async (chunk) => {
        await sleep(1);
        taken += chunk.length;
      },
    });
    expect([said.exitCode, taken]).toEqual([0, 3_000_000]);
  });

  test("whose callback never takes its output ends in its time, and when it is cancelled", async () => {
    const seconds = nap();
    const onStdout = () => new Promise<void>(() => undefined);
    const stuck = { onStdout, onStderr: onStdout };
    const command = `yes & yes >&2 & sleep ${seconds}`;
    expect(await executor.execute(place(), command, { ...stuck, timeout: 1000 })).toMatchObject({ ended: "timeout" });
    const cancelled = AbortSignal.timeout(1000);
    expect(await executor.execute(place(), command, { ...stuck, signal: cancelled })).toMatchObject({
      ended: "cancelled",
    });
    expect(processesWith(seconds)).toEqual([]);
  });

  test("whose callback fails is ended, and the failure is the caller's", async () => {
    const seconds = nap();
    const failing = executor.execute(place(), `echo one; sleep ${seconds}`, {
      onStdout: () => {
        throw new Error("no room");
      },
    });
    await expect(failing).rejects.toThrow("no room");
    expect(processesWith(seconds)).toEqual([]);
  });

  test.each([
    ["a NUL", "echo \0", {}, /has a NUL/],
    ["a megabyte", `echo ${"x".repeat(1024 * 1024)}`, {}, /more than 128 KiB/],
    ["no program", [], {}, /has no program/],
    ["a name that is a command", "true", { env: { "A;id": "x" } }, /is no name of a variable/],
    ["a name with a newline", "true", { secrets: { "A\nB": "planted" } }, /is no name of a variable/],
    ["a variable twice", "true", { env: { A: "1" }, secrets: { A: "planted" } }, /stands in env and in secrets/],
    ["a NUL in a secret", "true", { secrets: { A: "planted\0" } }, /^A: has a NUL/],
  ] as const)("with %s is refused, without what is secret", async (_, command, options, message) => {
    const failing = executor.execute(place(), command, options);
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.not.toThrow(/planted/);
  });

  test("of several lines is run as it stands", async () => {
    const { stdout } = await executor.execute(place(), "echo 'a\nb'\n# comment '\ncat <<'E'\n$x \\ `\nE\n");
    expect(stdout).toBe("a\nb\n$x \\ `\n");
  });

  test("is followed by a wipe that leaves neither files nor processes", async () => {
    const seconds = nap();
    const running = executor.execute(
      place(),
      `echo x > file; mkdir -p d/e; touch /tmp/${seconds}; setsid sleep ${seconds}`,
    );
    await until("the command", () => processesWith(seconds).length > 0);
    await executor.wipe(place());
    expect((await running).exitCode).toBe(137);
    expect(processesWith(seconds)).toEqual([]);
    const { stdout } = await executor.execute(place(), `ls -A . ; ls /tmp | grep -x ${seconds}`);
    expect(stdout).toBe(name === "exec" ? "" : `${seconds}\n`);
    execFileSync("rm", ["-f", `/tmp/${seconds}`]);
  });

  test("whose allocation is stopped is lost, and that is said", async () => {
    const own = await placeFor(
      `stopped-${name.replace("_", "-")}`,
      (DRIVERS.find(([one]) => one === name) ?? fail(name))[1](),
    );
    let begun = false;
    const onStdout = () => void (begun = true);
    const running = executor.execute(own, "echo begun; sleep 1000", { timeout: 60_000, onStdout });
    running.catch(() => undefined);
    await until("its beginning", () => begun);
    await cluster.nomad.http.post(apiPath`/v1/allocation/${own.allocation}/stop`, v.unknown());
    await expect(running).rejects.toThrow(ExecutionLostError);
  });
});

test("two hundred commands at once wait for their turn, and none is refused", async () => {
  const place = places.get("raw_exec") ?? fail();
  const said = await Promise.all(
    Array.from({ length: 200 }, (_, index) => executor.execute(place, "echo $N", { env: { N: String(index) } })),
  );
  expect(said.map(({ stdout }) => stdout)).toEqual(said.map((_, index) => `${index}\n`));
}, 60_000);

test("a command that waits for its turn is cancelled, and runs nothing", async () => {
  const place = places.get("raw_exec") ?? fail();
  const cancel = AbortSignal.abort();
  expect(await executor.execute(place, "echo no", { signal: cancel })).toMatchObject({
    ended: "cancelled",
    stdout: "",
  });
});

test("what is no place says so", async () => {
  const there = places.get("raw_exec") ?? fail();
  const nowhere = { ...there, allocation: "00000000-0000-0000-0000-000000000000" };
  await expect(executor.execute(nowhere, "true")).rejects.toThrow(/Unknown allocation/);
  await expect(executor.execute({ ...there, task: "other" }, "true")).rejects.toThrow(/task not found|Unknown task/);
});

test("twenty-five keys stand nowhere but with their command", async () => {
  const keys = Array.from({ length: 25 }, () => `planted-${randomBytes(12).toString("hex")}`);
  const secrets = Object.fromEntries(keys.map((key, index) => [`KEY_${index}`, key]));
  for (const place of places.values()) {
    const seconds = nap();
    const running = executor.execute(place, `echo "$KEY_0$KEY_24" | wc -c; exec sleep ${seconds}`, {
      secrets,
      timeout: 4000,
    });
    await until("the command", () => processesWith(`sleep ${seconds}`).length > 0);
    const shown = readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .map((pid) => argumentsOf(pid));
    expect(keys.filter((key) => shown.some((line) => line.includes(key)))).toEqual([]);
    expect((await running).stdout).toBe(`${2 * (keys[0] ?? "").length + 1}\n`);
  }
  const answers = await Promise.all(
    [
      apiPath`/v1/jobs`,
      apiPath`/v1/allocations`,
      ...[...places.values()].map(({ allocation }) => apiPath`/v1/allocation/${allocation}`),
    ].map(async (path) => JSON.stringify(await cluster.nomad.http.get(path, v.unknown()))),
  );
  expect(keys.filter((key) => answers.some((answer) => answer.includes(key)))).toEqual([]);
  const files = filesIn(join(cluster.project.folder, ".cdk-nomad")).filter((path) => statSync(path).size < 20_000_000);
  expect(files.length).toBeGreaterThan(5);
  const leaking = files.filter((path) => keys.some((key) => readFileSync(path, "latin1").includes(key)));
  expect(leaking).toEqual([]);
});

/** Waits until nothing of a command is left: what outlived it, it would hold for days. */
async function gone(seconds: string): Promise<void> {
  await until("the end of what it began", () => processesWith(seconds).length === 0);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // What Nomad puts into the root of a task is the machine's.
    if (entry.isDirectory()) return /^(?:usr|bin|lib|lib64|proc|sys|dev|etc)$/.test(entry.name) ? [] : filesIn(path);
    return entry.isFile() ? [path] : [];
  });
}

function fail(what = "place"): never {
  throw new Error(`there is no ${what}`);
}
