import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { keyPath, type AllocationStub } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { ended, flat, Project, type Said } from "../support/project";
import { Proxy } from "../support/proxy";
import { scale } from "../support/scale";
import { until } from "../support/until";
import type { SmallJob, SmallProgram } from "./programs/small-jobs";

// What one command does while somebody else, another command or the cluster itself does something too.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;
/** The same stack in the hands of somebody else: a copy of the project, which has its name. */
const other = new Project(Project.SMALL_JOBS);
beforeAll(() => {
  for (const { folder } of [project, other])
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "shop" }));
});
const gate = join(project.folder, "gate");

afterEach(async () => {
  rmSync(gate, { force: true });
  if (existsSync(join(project.cluster.folder, "cluster.json"))) await cluster.purge();
});
afterAll(() => other.remove());

const program = (jobs: readonly SmallJob[], more: Omit<SmallProgram, "jobs"> = {}) =>
  project.change({ jobs, ...more } satisfies SmallProgram);
const runs = (allocations: readonly AllocationStub[]) =>
  allocations.filter(({ ClientStatus, DesiredStatus }) => ClientStatus === "running" && DesiredStatus === "run");
const dev = async (...args: readonly string[]) => project.run(args);

/** When the tasks of an allocation were told to restart, and when they ran again, in nanoseconds; only what happened. */
function restartOf({ TaskStates: tasks }: AllocationStub): { readonly told?: number; readonly again?: number } {
  const events = tasks?.script?.Events ?? [];
  const told = events.find(({ Type }) => Type === "Restart Signaled")?.Time;
  const again = events.find(({ Type, Time }) => Type === "Started" && told !== undefined && Time > told)?.Time;
  return { told, again };
}

describe("restart", () => {
  test("goes in waves of max_parallel, each once the one before runs; and ends with the wave that fails", async () => {
    const broken = join(project.folder, "broken");
    const script = `[ -e '${broken}' ] && { echo 'the shelf is empty' >&2; exit 3; }; exec sleep 3600`;
    program([{ id: "web", count: 4, maxParallel: 2, script, deadline: 20 }]);
    expect((await dev("deploy", "dev")).code).toBe(0);
    const said = await dev("restart", "dev");
    expect([said.code, flat(said)]).toEqual([0, expect.stringContaining("4")]);
    const times = (await cluster.nomad.allocations("web")).map(restartOf);
    const told = times.map((each) => each.told ?? 0).sort();
    expect(told.every((time) => time > 0)).toBe(true);
    const first = times.filter((each) => (each.told ?? 0) <= (told[1] ?? 0)).map(({ again = Infinity }) => again);
    expect(first).toHaveLength(2);
    expect(Math.max(...first)).toBeLessThan(told[2] ?? 0);

    await cluster.purge();
    expect((await dev("deploy", "dev")).code).toBe(0);
    const before = new Set((await cluster.nomad.allocations("web")).map(({ ID }) => ID));
    writeFileSync(broken, "");
    const failed = await dev("restart", "dev");
    rmSync(broken);
    expect([failed.code, flat(failed)]).toEqual([1, expect.stringMatching(/exit code 3/)]);
    expect(flat(failed)).not.toContain("✓");
    const left = (await cluster.nomad.allocations("web")).filter(({ ID }) => before.has(ID));
    expect(left.filter((each) => restartOf(each).told === undefined)).toHaveLength(2);
  });
});

describe("what is waited for", () => {
  test("is named where the time is over, and by status: a constraint, a dimension, the answer of a check", async () => {
    const answer = 'require("http").createServer((_, r) => r.writeHead(503).end("the shop is closed today"))';
    const script = `exec '${process.execPath}' -e '${answer}.listen(${cluster.port(0)}, "127.0.0.1")'`;
    program([
      { id: "rack", constraint: { attribute: "${meta.rack}", value: "r1" }, deadline: 240 },
      { id: "huge", memory: 9_000_000, deadline: 240 },
      { id: "shop", checkedPort: cluster.port(0), script, deadline: 240 },
    ]);
    expect((await dev("deploy", "dev", "--detach")).code).toBe(0);
    const waits = [/meta\.rack/, /memory is exhausted/, /the shop is closed today/];
    const all = (said: Said) => waits.every((reason) => reason.test(flat(said)));
    let said = await dev("status", "dev");
    await until("the reasons", async () => all((said = await dev("status", "dev"))));
    expect([said.code, flat(said)]).toEqual([1, expect.not.stringContaining("✓")]);
    const deployed = await dev("deploy", "dev", "--timeout", "4s");
    expect([deployed.code, all(deployed), flat(deployed)]).toEqual([4, true, flat(deployed)]);
  });

  test("of a canary without room is the dimension, and it is never promoted", async () => {
    program([{ id: "web" }]);
    expect((await dev("deploy", "dev")).code).toBe(0);
    const free = 9_000_000;
    program([{ id: "web", canary: 1, memory: free, deadline: 240 }]);
    const said = await dev("deploy", "dev", "--timeout", "4s");
    expect([said.code, flat(said)]).toEqual([4, expect.stringMatching(/memory is exhausted/)]);
    const status = await dev("status", "dev");
    expect([status.code, flat(status)]).toEqual([1, expect.stringMatching(/memory is exhausted.*0 of 1 healthy/)]);
    const early = await dev("promote", "dev");
    expect([early.code, flat(early)]).toEqual([
      1,
      expect.stringContaining("not every canary is healthy (work: 0 of 1)"),
    ]);
    expect(runs(await cluster.nomad.allocations("web"))).toHaveLength(1);
  });
});

describe("two at the same time", () => {
  const IDS = ["a", "b", "c", "d"];
  const release = (of: Project, name: string) =>
    of.change({ jobs: IDS.map((id) => ({ id, env: { RELEASE: name } })) } satisfies SmallProgram);
  const releases = async () =>
    Promise.all(
      IDS.map(async (id) => {
        const groups = (await cluster.nomad.job(id))?.TaskGroups as { Tasks: { Env: { RELEASE: string } }[] }[];
        return groups[0]?.Tasks[0]?.Env.RELEASE;
      }),
    );

  test("deploy different releases of a stack: all of it is of one of them, and the other one is refused or came before", async () => {
    release(project, "first");
    expect((await dev("deploy", "dev")).code).toBe(0);
    // Both have planned for the same index before either registers.
    const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
    let registering = 0;
    let both: () => void = () => undefined;
    const together = new Promise<void>((resolve) => (both = resolve));
    proxy.answer = async ({ method, path }) => {
      if (method !== "PUT" || path !== "/v1/jobs") return undefined;
      registering += 1;
      if (registering === 2) both();
      await together;
      return undefined;
    };
    try {
      release(project, "left");
      release(other, "right");
      const ends = await Promise.all([project, other].map((each) => each.run(["deploy", "dev"], env)));
      const now = await releases();
      expect(new Set(now).size).toBe(1);
      const won = ends[now[0] === "left" ? 0 : 1];
      const refused = ends[now[0] === "left" ? 1 : 0];
      expect(refused?.code).toBe(1);
      expect(refused && flat(refused)).toMatch(/changed by somebody else since it was planned/);
      expect(refused && flat(refused)).not.toContain("✓");
      // A server may take both registrations of the same moment; then the winner says that it took the other one back.
      const isWell = won?.code === 0 || (won !== undefined && /which took that change back/.test(flat(won)));
      expect([isWell, won]).toEqual([true, won]);
    } finally {
      await proxy.close();
    }
  });

  test("deploy the same: both end well, or one is refused, and nothing is registered twice", async () => {
    release(project, "same");
    release(other, "same");
    const ends = await Promise.all([project, other].map((each) => each.run(["deploy", "dev"], cluster.environment)));
    expect(ends.map(({ code }) => code)).toContain(0);
    const refused = ends.filter(({ code }) => code !== 0).map(flat);
    expect(refused).toEqual(refused.map(() => expect.stringMatching(/changed by somebody else/) as string));
    expect(await releases()).toEqual(IDS.map(() => "same"));
    for (const id of IDS) expect((await cluster.nomad.job(id))?.Version).toBe(0);
  });

  test("drift --fix and whoever edits at that moment: nothing of theirs is overwritten, and it is said", async () => {
    program([{ id: "web" }, { id: "still" }], { keys: { level: "info" } });
    expect((await dev("deploy", "dev")).code).toBe(0);
    await scale(cluster.nomad, "web", "work", 2);
    await cluster.consul.setValue("small/level", "trace");
    const nomad = new Proxy(cluster.addresses.NOMAD_ADDR);
    const consul = new Proxy(cluster.addresses.CONSUL_HTTP_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await nomad.open(), CONSUL_HTTP_ADDR: await consul.open() };
    const once = new Set<string>();
    nomad.answer = async ({ method, path }) => {
      if (method === "PUT" && path === "/v1/jobs" && !once.has(path)) {
        once.add(path);
        const held = await cluster.nomad.job("web");
        await cluster.nomad.register({ ...held, ID: "web", Priority: 70 });
      }
      return undefined;
    };
    consul.answer = async ({ method, path }) => {
      if (method === "PUT" && !once.has(path)) {
        once.add(path);
        await cluster.consul.setValue("small/level", "edited");
      }
      return undefined;
    };
    try {
      const said = await project.run(["drift", "dev", "--fix"], env);
      expect(once.size).toBe(2);
      expect([said.code, flat(said)]).toEqual([1, expect.stringMatching(/web.*somebody changed it meanwhile/)]);
      expect((await cluster.nomad.job("web"))?.Priority).toBe(70);
      expect(await cluster.consul.value("small/level")).toBe("edited");
    } finally {
      await Promise.all([nomad.close(), consul.close()]);
      await cluster.consul.http.delete(keyPath("small/"), v.unknown(), { query: { recurse: true } });
    }
  });

  test("deploy --force and whoever stops the job at that moment: it stays stopped, and the exit code is 1", async () => {
    program([{ id: "web", script: "exit 3" }]);
    expect((await dev("deploy", "dev")).code).toBe(1);
    expect((await dev("fail", "dev")).code).toBe(0);
    const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
    let stopped = false;
    proxy.answer = async ({ method, path }) => {
      if (!stopped && method === "PUT" && path === "/v1/jobs") {
        stopped = true;
        await cluster.nomad.deregister("web");
      }
      return undefined;
    };
    try {
      const said = await project.run(["deploy", "dev", "--force"], env);
      expect(stopped).toBe(true);
      expect([said.code, flat(said)]).toEqual([1, expect.not.stringContaining("✓")]);
      expect((await cluster.nomad.job("web"))?.Stop).toBe(true);
    } finally {
      await proxy.close();
    }
  });
});

// The last one: the cluster is gone after it.
test("down while somebody deploys and another watches: both end with what happened, and never well", async () => {
  program([{ id: "web", gate, deadline: 240 }]);
  const deploying = project.spawn(["deploy", "dev"]);
  const deployed = ended(deploying);
  await until("a deployment", async () => (await cluster.nomad.deployments("web")).length > 0);
  const watching = project.spawn(["status", "dev", "--watch"]);
  let printed = "";
  watching.stderr?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const watched = ended(watching);
  await until("a look at it", () => printed.includes("web: running"));
  expect((await dev("down")).code).toBe(0);
  for (const said of [await deployed, await watched]) {
    expect([said.code, flat(said)]).toEqual([
      1,
      expect.stringMatching(/stopped|purged|does not answer|cannot be reached/),
    ]);
    expect(flat(said)).not.toContain("✓");
    expect(said.stderr).not.toMatch(/\n\s+at .*\.[jt]s:\d+/);
  }
});
