import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { keyPath } from "../../lib/nomad";
import type { SmallJob, SmallProgram } from "./programs/small-jobs";
import { clusterForSuite } from "../support/cluster";
import { ended, flat, Project } from "../support/project";
import { Proxy } from "../support/proxy";
import { until } from "../support/until";
import { scale } from "../support/scale";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

/** Forgets every job. */
afterEach(async () => {
  await cluster.purge();
  await cluster.consul.http.delete(keyPath("small/"), v.unknown(), { query: { recurse: true } });
});

function program(jobs: readonly SmallJob[], rest: Omit<SmallProgram, "jobs"> = {}): void {
  project.change({ jobs, ...rest } satisfies SmallProgram);
}

async function deployed(jobs: readonly SmallJob[], rest: Omit<SmallProgram, "jobs"> = {}): Promise<void> {
  program(jobs, rest);
  const said = await project.run(["deploy", "dev"]);
  expect([said.code, said.stderr]).toEqual([0, expect.stringContaining("healthy")]);
}

const running = async (job: string) =>
  (await cluster.nomad.deployments(job)).some(({ Status }) => Status === "running");
const versionOf = async (job: string) => (await cluster.nomad.job(job))?.Version;

describe("preview", () => {
  test("says what is created, changed, and finds no node, with exit codes 2 and 0", async () => {
    program([{ id: "one" }, { id: "huge", memory: 9_000_000 }], { keys: { level: "info" } });
    const first = await project.run(["preview", "dev"]);
    expect(first.code).toBe(2);
    expect(flat(first)).toMatch(/dev: 2 jobs to create; 1 job finds no node for some allocations; 1 change in Consul/);
    expect(flat(first)).toMatch(/\+ huge create .*no node: .*memory is exhausted on 1/);
    expect(flat(first)).toContain("+ small/level");

    await deployed([{ id: "one" }], { keys: { level: "info" } });
    const second = await project.run(["preview", "dev"]);
    expect([second.code, flat(second)]).toEqual([0, expect.stringContaining("1 job unchanged")]);
  });

  test("shows fields as old → new and hides secrets, in a comment whose first line counts", async () => {
    await deployed([{ id: "one", env: { API_TOKEN: "hunter2hunter2", LEVEL: "info" } }], {
      keys: { password: "old-one" },
    });
    program([{ id: "one", env: { API_TOKEN: "swordfish-99", LEVEL: "debug" }, memory: 20 }], {
      keys: { password: "new-one" },
    });
    const { code, stdout } = await project.run(["preview", "dev", "--format", "markdown"]);
    expect(code).toBe(2);
    const [first = ""] = stdout.split("\n");
    expect(first).toBe("**dev**: 1 job to update; 1 change in Consul <!-- cdk-nomad preview: dev -->");
    expect(stdout).toContain("| one | update | work: 1 replaced |");
    expect(stdout).toMatch(/env › LEVEL: info → debug/);
    expect(stdout).toMatch(/resources › memory: 16 MiB → 20 MiB/);
    for (const secret of ["hunter2hunter2", "swordfish-99", "old-one", "new-one"]) expect(stdout).not.toContain(secret);
    const json = JSON.parse((await project.run(["preview", "dev", "--format", "json"])).stdout) as {
      jobs: { modifyIndex: number }[];
    };
    expect(json.jobs[0]?.modifyIndex).toBe((await cluster.nomad.job("one"))?.JobModifyIndex);
    expect(JSON.stringify(json)).not.toMatch(/hunter2|swordfish|new-one/);
  });

  test("tells of a namespace that is not there how to make it", async () => {
    program([{ id: "one", namespace: "shop" }]);
    const said = await project.run(["preview", "dev"]);
    expect([said.code, flat(said)]).toEqual([
      1,
      expect.stringMatching(/there is no namespace "shop".*nomad namespace apply/),
    ]);
  });
});

describe("drift", () => {
  test("finds jobs scaled, edited, stopped and purged and a changed key, and puts them right", async () => {
    const jobs = ["scaled", "edited", "stopped", "purged", "still"].map((id) => ({ id }));
    await deployed(jobs, { keys: { level: "info" } });
    expect((await project.run(["drift", "dev"])).code).toBe(0);

    await scale(cluster.nomad, "scaled", "work", 2);
    const held = await cluster.nomad.job("edited");
    await cluster.nomad.register({ ...held, ID: "edited", Priority: 70 });
    await cluster.nomad.deregister("stopped");
    await cluster.nomad.deregister("purged", { purge: true });
    await cluster.consul.setValue("small/level", "trace");
    const found = await project.run(["drift", "dev", "--json"]);
    expect(found.code).toBe(2);
    const drift = JSON.parse(found.stdout) as {
      jobs: { job: string; drift: string; fields: object[] }[];
      consul: { name: string }[];
      unchanged: number;
    };
    expect(Object.fromEntries(drift.jobs.map((job) => [job.job, job.drift]))).toEqual({
      scaled: "scaled",
      edited: "changed",
      stopped: "stopped",
      purged: "purged",
    });
    expect(drift.jobs.find(({ job }) => job === "edited")?.fields).toEqual([
      expect.objectContaining({ place: "priority", before: "70", after: "50" }),
    ]);
    expect([drift.unchanged, drift.consul.map(({ name }) => name)]).toEqual([1, ["small/level"]]);

    const fixed = await project.run(["drift", "dev", "--fix"]);
    expect([fixed.code, flat(fixed)]).toEqual([0, expect.stringContaining("purged is put right")]);
    expect((await project.run(["drift", "dev"])).code).toBe(0);
    expect(await cluster.consul.value("small/level")).toBe("info");
  });

  test("leaves the count alone that a scaling policy owns, and so does a deployment", async () => {
    await deployed([{ id: "pool", scaled: { min: 1, max: 5 } }]);
    await scale(cluster.nomad, "pool", "work", 3);
    expect((await project.run(["drift", "dev"])).code).toBe(0);
    await deployed([{ id: "pool", scaled: { min: 1, max: 5 }, env: { LEVEL: "debug" } }]);
    expect(((await cluster.nomad.job("pool"))?.TaskGroups as { Count: number }[])[0]?.Count).toBe(3);
  });
});

describe("deploy", () => {
  test("registers only what changes, over one stream of events", async () => {
    const jobs = Array.from({ length: 12 }, (_, number) => ({ id: `job-${number}` }));
    const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
    try {
      program(jobs);
      expect((await project.run(["deploy", "dev"], env)).code).toBe(0);
      expect(proxy.mostStreams).toBe(1);
      proxy.passed.length = 0;
      program(jobs.map((job) => (job.id === "job-7" ? { ...job, env: { LEVEL: "debug" } } : job)));
      const said = await project.run(["deploy", "dev", "--json"], env);
      expect(said.code).toBe(0);
      expect(proxy.passed.filter(({ path, method }) => path === "/v1/jobs" && method === "PUT")).toHaveLength(1);
      const { jobs: outcomes } = JSON.parse(said.stdout) as { jobs: { id: string; result: string }[] };
      expect(outcomes.filter(({ result }) => result !== "unchanged").map(({ id }) => id)).toEqual(["job-7"]);
    } finally {
      await proxy.close();
    }
  });

  test("stops with exit code 3 where a canary waits, and promote ends it", async () => {
    await deployed([{ id: "web", count: 2, canary: 1 }]);
    program([{ id: "web", count: 2, canary: 1, env: { RELEASE: "2" } }]);
    const said = await project.run(["deploy", "dev"]);
    expect([said.code, flat(said)]).toEqual([3, expect.stringContaining("cdk-nomad promote dev --job web")]);
    expect(await running("web")).toBe(true);
    const status = await project.run(["status", "dev"]);
    expect([status.code, flat(status)]).toEqual([3, expect.stringMatching(/web waiting for promotion 1/)]);
    const promoted = await project.run(["promote", "dev"]);
    expect([promoted.code, flat(promoted)]).toEqual([0, expect.stringContaining("web version 1 is healthy")]);
    expect((await project.run(["status", "dev"])).code).toBe(0);
    const again = await project.run(["promote", "dev"]);
    expect([again.code, flat(again)]).toEqual([1, expect.stringContaining("no deployment has canaries")]);
  });

  test("shows why it failed: exit code, events, stderr; rollback goes back", async () => {
    await deployed([{ id: "web" }]);
    program([{ id: "web", script: "echo 'cannot open the shop' >&2; exit 3" }]);
    const said = await project.run(["deploy", "dev"]);
    expect(said.code).toBe(1);
    expect(flat(said)).toMatch(/task script of group work, allocation \w{8}: exit code 3.*cannot open the shop/);
    const back = await project.run(["rollback", "dev"]);
    expect([back.code, flat(back)]).toEqual([
      0,
      expect.stringMatching(/taking web back from version 1 to 0.*web version 2 is healthy/),
    ]);
    const wrong = await project.run(["rollback", "dev", "--to", "9"]);
    expect([wrong.code, flat(wrong)]).toEqual([
      1,
      expect.stringMatching(/has no version 9 any more; write one of 1, 0 \(healthy once\)/),
    ]);
    expect((await project.run(["rollback", "dev", "--to", "1", "--detach"])).code).toBe(0);
    await until("version 3", async () => (await versionOf("web")) === 3);
  });

  test("shows what the check answered, where no task fails", async () => {
    const port = cluster.port(2);
    const answer = 'require("http").createServer((_, r) => r.writeHead(503).end("the shop is closed today"))';
    const script = `exec '${process.execPath}' -e '${answer}.listen(${port}, "127.0.0.1")'`;
    program([{ id: "web", checkedPort: port, script, deadline: 12 }]);
    const said = await project.run(["deploy", "dev"]);
    expect(said.code).toBe(1);
    expect(flat(said)).toMatch(/check ".*" of service "web" is critical: HTTP GET .*503.*the shop is closed today/);
  });

  test("gives up waiting after --timeout, with exit code 4, and status --watch comes back to it", async () => {
    program([{ id: "slow", script: "exec sleep 3600", checkedPort: cluster.port(0), deadline: 240 }]);
    const said = await project.run(["deploy", "dev", "--timeout", "2s"]);
    expect([said.code, flat(said)]).toEqual([4, expect.stringContaining("cdk-nomad status dev --watch")]);
    expect((await project.run(["status", "dev"])).code).toBe(4);
    expect(await running("slow")).toBe(true);
    const watching = project.spawn(["status", "dev", "--watch"]);
    let printed = "";
    watching.stderr?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const ends = ended(watching);
    await until("a look at it", () => printed.includes("slow: running"));
    const server = createServer((_, response) => response.end("open")).listen(cluster.port(0), "127.0.0.1");
    try {
      const watched = await ends;
      expect([watched.code, flat(watched)]).toEqual([0, expect.stringContaining("slow version 0 is healthy")]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("interrupted, lets Nomad go on and says how to come back", async () => {
    program([{ id: "slow", checkedPort: cluster.port(1), deadline: 240 }]);
    const child = project.spawn(["deploy", "dev"]);
    const said = ended(child);
    await until("a deployment", () => running("slow"));
    child.kill("SIGINT");
    expect([(await said).code, flat(await said)]).toEqual([
      130,
      expect.stringMatching(/interrupted; Nomad goes on.*cdk-nomad status dev --watch/),
    ]);
    expect(await running("slow")).toBe(true);
    const failed = await project.run(["fail", "dev"]);
    expect([failed.code, flat(failed)]).toEqual([
      0,
      expect.stringMatching(/deployment \w{8} of slow is failed; it has no auto_revert/),
    ]);
    expect(await running("slow")).toBe(false);
  });

  test("refuses a job that somebody changed since the preview, and says what changed", async () => {
    await deployed([{ id: "web" }]);
    program([{ id: "web", env: { RELEASE: "2" } }]);
    const file = join(project.folder, "preview.json");
    writeFileSync(file, (await project.run(["preview", "dev", "--format", "json"])).stdout);
    await scale(cluster.nomad, "web", "work", 2);
    const said = await project.run(["deploy", "dev", "--preview", file]);
    expect(said.code).toBe(1);
    expect(flat(said)).toMatch(
      /dev\/web: was changed by somebody else since it was planned: version 1 came \(.*count 1 → 2\)/,
    );
    expect(await versionOf("web")).toBe(1);
    writeFileSync(file, (await project.run(["preview", "dev", "--format", "json"])).stdout);
    expect((await project.run(["deploy", "dev", "--preview", file])).code).toBe(0);
  });
});

test("a job that somebody changes between its plan and its registration is not overwritten", async () => {
  await deployed([{ id: "web" }]);
  program([{ id: "web", env: { RELEASE: "2" } }]);
  const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
  const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
  proxy.answer = async ({ method, path }) => {
    if (method !== "PUT" || path !== "/v1/jobs") return undefined;
    await scale(cluster.nomad, "web", "work", 2);
    return undefined;
  };
  try {
    const said = await project.run(["deploy", "dev"], env);
    expect([said.code, flat(said)]).toEqual([1, expect.stringMatching(/changed by somebody else.*count 1 → 2/)]);
    expect(await versionOf("web")).toBe(1);
  } finally {
    await proxy.close();
  }
});

describe("promote", () => {
  test("refuses canaries that are not healthy; --auto-fail-after fails them, and the job goes back", async () => {
    await deployed([{ id: "web", canary: 1, autoRevert: true }]);
    program([{ id: "web", canary: 1, autoRevert: true, checkedPort: cluster.port(2), deadline: 240 }]);
    expect((await project.run(["deploy", "dev", "--detach"])).code).toBe(0);
    const early = await project.run(["promote", "dev"]);
    expect([early.code, flat(early)]).toEqual([
      1,
      expect.stringMatching(/not every canary is healthy \(work: 0 of 1\).*--when-healthy/),
    ]);
    const late = await project.run(["promote", "dev", "--auto-fail-after", "3s"]);
    expect([late.code, flat(late)]).toEqual([
      1,
      expect.stringMatching(/not healthy in time, so it was failed; Nomad goes back to version 0/),
    ]);
    await until("the old version", async () => (await versionOf("web")) === 2);
  });

  test("--when-healthy waits for them", async () => {
    await deployed([{ id: "web", canary: 1 }]);
    program([{ id: "web", canary: 1, env: { RELEASE: "2" } }]);
    expect((await project.run(["deploy", "dev", "--detach"])).code).toBe(0);
    const said = await project.run(["promote", "dev", "--when-healthy"]);
    expect([said.code, flat(said)]).toEqual([0, expect.stringContaining("web version 1 is healthy")]);
  });
});

describe("a cluster that is not well", () => {
  test("the stream is cut, and Nomad answers 429 and 500: all is watched to its end", async () => {
    const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
    let refused = 0;
    // The first two of every kind of request.
    const seen = new Map<string, number>();
    proxy.answer = ({ method, path }) => {
      const kind = `${method} ${path.replace(/[0-9a-f-]{36}/, "…")}`;
      const times = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, times);
      if (times > 2 || (method === "PUT" && path === "/v1/jobs")) return undefined;
      refused += 1;
      return times === 1 ? 429 : 500;
    };
    try {
      const gate = join(project.folder, "gate");
      program([{ id: "web", count: 3, gate, deadline: 240 }]);
      const deploying = project.run(["deploy", "dev"], env);
      await until("a cut", () => proxy.cut() > 0);
      await until("another stream", () => proxy.streams > 1);
      writeFileSync(gate, "");
      const said = await deploying;
      expect([said.code, flat(said)]).toEqual([0, expect.stringContaining("web version 0 is healthy")]);
      expect(flat(said)).toMatch(/opening it again/);
      expect(refused).toBeGreaterThan(5);
      expect(proxy.mostStreams).toBe(1);
    } finally {
      await proxy.close();
    }
  });

  test("a server without the stream is asked about each job", async () => {
    const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
    proxy.answer = ({ path }) => (path === "/v1/event/stream" ? 403 : undefined);
    try {
      program([{ id: "web" }]);
      const said = await project.run(["deploy", "dev"], env);
      expect([said.code, flat(said)]).toEqual([
        0,
        expect.stringMatching(/event stream cannot be read.*web version 0 is healthy/),
      ]);
    } finally {
      await proxy.close();
    }
  });

  test("one that goes on refusing is asked a bounded number of times, and that is said", async () => {
    const proxy = new Proxy(cluster.addresses.NOMAD_ADDR);
    const env = { ...cluster.environment, NOMAD_ADDR: await proxy.open() };
    proxy.answer = ({ path }) => (/\/plan$/.test(path) ? 429 : undefined);
    try {
      program([{ id: "web" }]);
      const said = await project.run(["deploy", "dev"], env);
      expect([said.code, flat(said)]).toEqual([
        1,
        expect.stringMatching(/asks for fewer requests; trying again.*✗ Nomad answered 429 to POST/),
      ]);
      expect(proxy.passed.filter(({ path }) => /\/plan$/.test(path)).length).toBeLessThan(40);
      expect(said.stderr).not.toContain("    at ");
    } finally {
      await proxy.close();
    }
  });
});
