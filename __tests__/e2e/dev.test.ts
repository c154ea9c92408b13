import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { apiPath } from "../../lib/nomad";
import { readStack, withSynthesis } from "../../lib/operations";
import { clusterForSuite } from "../support/cluster";
import { ended } from "../support/project";
import { until } from "../support/until";

const cluster = clusterForSuite({ started: false });
const { project } = cluster;

const SERVICES = ["prism-admin", "pattern-launcher", "keyvalue-runner"];

/** The one allocation of a group that shall run. */
async function running(group: string) {
  const allocations = (await cluster.nomad.allocations("prism-stack")).filter(
    (allocation) => allocation.TaskGroup === group && allocation.DesiredStatus === "run",
  );
  expect(allocations).toHaveLength(1);
  return allocations[0] as NonNullable<(typeof allocations)[number]>;
}

describe("the embedded cluster", () => {
  test("starts nothing where a port is taken, and says which and by whom", async () => {
    const server = createServer().listen(4646 + cluster.offset, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const said = await project.run(["up", "--port-offset", String(cluster.offset)]);
    await new Promise((resolve) => server.close(resolve));
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`port ${4646 + cluster.offset} (Nomad HTTP): is taken by process ${process.pid}`);
    expect(said.stderr).toContain("--port-offset");
    expect(project.leftovers().processes).toEqual([]);
  });

  test("interrupted while it starts, says truly what runs, and is ended by down", async () => {
    const child = project.spawn(["up", "--port-offset", String(cluster.offset)]);
    const said = ended(child);
    await until("a start", async () => existsSync(join(project.cluster.folder, "cluster.json")));
    child.kill("SIGINT");
    expect((await said).code).toBe(130);
    const status = JSON.parse((await project.run(["status", "--json"])).stdout) as {
      phase: string;
      agents: { name: string; running: boolean }[];
    };
    // Which agents had been started by then is a matter of milliseconds; that it is told truly is not.
    const alive = status.agents.map((agent) => [agent.name, project.runs(agent.name)]);
    expect(status.agents.map((agent) => [agent.name, agent.running])).toEqual(alive);
    expect(status.agents[0]?.running).toBe(true);
    expect((await project.run(["down"])).code).toBe(0);
    expect(project.leftovers()).toEqual({ processes: [], mounts: [] });
  });
});

describe("the dev stack", () => {
  test("comes up with one command, every group healthy in Consul", async () => {
    const said = await project.run(["start", "--port-offset", String(cluster.offset)]);
    expect(said.stderr).toContain("prism-stack version 0 is healthy");
    expect(said.code).toBe(0);
    for (const service of SERVICES) {
      expect(said.stdout).toMatch(new RegExp(`${service} .*passing.*stand-in`));
      expect(await cluster.consul.instances(service, { passing: true })).toHaveLength(1);
    }
    expect(said.stdout).toContain(`http://127.0.0.1:${8500 + cluster.offset}/ui/`);
    // A Nomad that was built from its module has no UI inside.
    const page = await fetch(`http://127.0.0.1:${4646 + cluster.offset}/ui/`);
    const isInside = page.ok && (await page.text()).includes("<script");
    expect(said.stdout.includes(`http://127.0.0.1:${4646 + cluster.offset}/ui/`)).toBe(isInside);
  });

  test("started the launcher only once a healthy admin was in Consul, and it registered there", async () => {
    const launcher = await running("launcher");
    const tasks = launcher.TaskStates ?? {};
    const started = (task: string) => tasks[task]?.Events?.find((event) => event.Type === "Started")?.Time ?? 0;
    const finished = tasks["await-prism-admin"]?.Events?.find((event) => event.Type === "Terminated")?.Time ?? Infinity;
    expect(started("pattern-launcher")).toBeGreaterThan(finished);
    const waited = await project.run(["logs", "await-prism-admin"]);
    expect(waited.stdout).toMatch(/waiting for a healthy prism-admin[^]*prism-admin is healthy:\n127\.0\.0\.1:\d+/);
    expect((await project.run(["logs", "pattern-launcher"])).stdout).toMatch(
      /STAND-IN for pattern-launcher[^]*registered with 127\.0\.0\.1:\d+: welcome, launcher-01/,
    );
  });

  test("reads its configuration from Consul's KV", async () => {
    expect(await cluster.consul.value("prism/dev/log_level")).toBe("debug");
    expect(await cluster.consul.value("prism/dev/environment")).toBe("dev");
    const admin = await running("admin");
    const file: string[] = [];
    for await (const chunk of cluster.nomad.http.stream(apiPath`/v1/client/fs/cat/${admin.ID}`, {
      query: { path: "prism-admin/local/config.env" },
    }))
      file.push(Buffer.from(chunk).toString());
    expect(file.join("")).toBe("PRISM_ENVIRONMENT=dev\nPRISM_LOG_LEVEL=debug\n");
  });

  test("a second up says that all of it runs", async () => {
    const said = await project.run(["up"]);
    expect([said.code, said.stderr]).toEqual([0, "the cluster runs already\n"]);
  });

  test("deployed again without a change stays as it is", async () => {
    const said = await project.run(["deploy", "dev", "--json"]);
    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({
      environment: "dev",
      jobs: expect.arrayContaining([
        expect.objectContaining({ id: "prism-stack", result: expect.stringMatching(/unchanged|healthy/) }),
      ]),
    });
    expect((await cluster.nomad.job("prism-stack"))?.Version).toBe(0);
  });

  test("one changed value is a rolling update of its group alone", async () => {
    const [admin, launcher] = [await running("admin"), await running("launcher")];
    project.change({ launcher: { cpu: 900 } });
    const said = await project.run(["deploy", "dev"]);
    expect(said.stderr).toContain("prism-stack version 1 is healthy");
    expect((await running("admin")).ID).toBe(admin.ID);
    expect((await running("launcher")).ID).not.toBe(launcher.ID);
  });

  test("a killed task is restarted and passes again", async () => {
    const restarts = async () => (await running("admin")).TaskStates?.["prism-admin"]?.Restarts ?? 0;
    expect(await restarts()).toBe(0);
    const admin = await running("admin");
    const pid = execFileSync("pgrep", ["-f", `stand-ins/admin.[jt]s serve --port=${8981 + cluster.offset}`], {
      encoding: "utf8",
    })
      .trim()
      .split("\n")[0];
    process.kill(Number(pid), "SIGKILL");
    await until("a restart", async () => (await restarts()) === 1);
    await until(
      "a passing check",
      async () => (await cluster.consul.instances("prism-admin", { passing: true })).length === 1,
    );
    expect((await running("admin")).ID).toBe(admin.ID);
    // The launcher keeps the address that it had, and is left alone.
    expect((await running("launcher")).TaskStates?.["pattern-launcher"]?.Restarts).toBe(0);
  });

  test("every environment's jobs are taken by the server, and by the rules here", async () => {
    const environments = ["dev", "staging", "prod"];
    const jobs = await withSynthesis({ project: project.folder, env: process.env }, async (outdir) =>
      environments.flatMap((environment) =>
        readStack(outdir, environment, {
          variables: environment === "prod" ? { image_version: "1.4.2" } : {},
          env: {},
        }).flatMap((wanted) => (wanted.kind === "job" ? [{ environment, job: wanted.job }] : [])),
      ),
    );
    expect(new Set(jobs.map(({ environment }) => environment))).toEqual(new Set(environments));
    for (const { environment, job } of jobs) {
      const verdict = await cluster.nomad.validate(job);
      // This cluster has no Vault, which says nothing about the job.
      const errors = (verdict.ValidationErrors ?? []).filter((error) => !/vault/i.test(error));
      expect([environment, job.ID, errors]).toEqual([environment, job.ID, []]);
    }
  });

  test("a task that fails is shown with its exit code, its last events and its last lines", async () => {
    const binDir = join(project.folder, "binaries");
    mkdirSync(binDir);
    writeFileSync(join(binDir, "keyvalue-runner"), "#!/bin/sh\necho starting\necho 'no such thing: 42' >&2\nexit 3\n", {
      mode: 0o755,
    });
    const said = await project.run(["deploy", "dev"], { PRISM_BIN_DIR: binDir });
    expect(said.code).toBe(1);
    expect(said.stderr).toMatch(/task keyvalue-runner of group keyvalue, allocation \w{8}: exit code 3/);
    expect(said.stderr).toMatch(/last events[^]*Terminated: Exit Code: 3/);
    expect(said.stderr).toMatch(/last lines of stderr[^]*no such thing: 42/);
  });

  test("down leaves no process, no mount and no data", async () => {
    expect((await project.run(["down"])).code).toBe(0);
    expect(project.leftovers()).toEqual({ processes: [], mounts: [] });
    // The program's runs leave the folder synth, which is empty; which cluster each stack went to is remembered beyond this one.
    const left = readdirSync(project.cluster.folder).filter((name) => !["synth", "stacks.json"].includes(name));
    expect(left.sort()).toEqual([".gitignore", "consul.log", "nomad.log"]);
    expect((await project.run(["down"])).stderr).toContain("no cluster was running");
    const status = JSON.parse((await project.run(["status", "--json"])).stdout) as { phase: string };
    expect(status.phase).toBe("stopped");
  });
});
