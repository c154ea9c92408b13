import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { apiPath } from "../../lib/nomad";
import type { ApiProgram } from "./programs/api-jobs";
import { clusterForSuite } from "../support/cluster";
import { ended, flat, type Said } from "../support/project";
import { hasTerraform, terraformEnv } from "../support/terraform";
import { until } from "../support/until";

const cluster = clusterForSuite({ program: join(__dirname, "programs/api-jobs.ts") });
const { project } = cluster;

const SECOND = 1_000_000_000;
const FORGETFUL = { Attempts: 0, Interval: 60 * SECOND, Delay: SECOND, Mode: "fail" };
const NEVER = { Attempts: 0, Interval: 0, Unlimited: false, DelayFunction: "constant", Delay: 5 * SECOND };

interface Parts {
  readonly job?: object;
  readonly group?: object;
  readonly task?: object;
  readonly script?: string;
}

/** A job of one task, with whatever else a test wants. */
function jobOf(id: string, { job = {}, group = {}, task = {}, script = "exec sleep 3600" }: Parts = {}) {
  const main = {
    Name: "main",
    Driver: "raw_exec",
    Config: { command: "/bin/sh", args: ["-c", script] },
    Resources: { CPU: 20, MemoryMB: 16 },
    KillTimeout: SECOND,
    ...task,
  };
  const update = { MinHealthyTime: SECOND / 2, HealthCheck: "task_states", HealthyDeadline: 60 * SECOND };
  const service = "Type" in job && job.Type !== "service";
  const api = {
    Name: "api",
    Count: 1,
    RestartPolicy: FORGETFUL,
    ...(service ? {} : { ReschedulePolicy: NEVER, Update: { ...update, ProgressDeadline: 90 * SECOND } }),
    Tasks: [main],
    ...group,
  };
  return { ID: id, Name: id, Type: "service", Datacenters: ["*"], ...job, TaskGroups: [api] };
}

const program = (...jobs: ApiProgram["jobs"]) => project.change({ jobs } satisfies ApiProgram);
const stopped = (id: string) => cluster.nomad.http.post(apiPath`/v1/allocation/${id}/stop`, v.unknown(), { body: {} });

afterEach(() => cluster.purge());

test("case 01 and its kin: what finds no node is said by deploy and status, and never a stack trace", async () => {
  const [node] = await cluster.nomad.nodes();
  const resources = (await cluster.nomad.node(node?.ID ?? ""))?.NodeResources;
  const most = Math.floor((resources?.Memory?.MemoryMB ?? 1000) * 0.4);
  const gold = [{ LTarget: "${meta.tier}", RTarget: "gold", Operand: "=" }];
  program(
    jobOf("gold", { job: { Constraints: gold } }),
    jobOf("three", { group: { Count: 3 }, task: { Resources: { CPU: 20, MemoryMB: most } } }),
    jobOf("driver", { task: { Driver: "podman", Config: { image: "docker.io/library/nginx:1.27" } } }),
    jobOf("everywhere", { job: { Type: "system", Constraints: gold } }),
  );
  const deployed = await project.run(["deploy", "dev"]);
  const status = await project.run(["status", "dev"]);
  expect([deployed.code, status.code]).toEqual([1, 1]);
  for (const said of [deployed, status]) {
    expect(flat(said)).toMatch(/group "api".*no node.*meta\.tier.*gold.*leaves out 1 node/);
    expect(flat(said)).toMatch(/memory is exhausted on 1 node/);
    expect(flat(said)).toMatch(/missing drivers/);
    expect(flat(said)).not.toMatch(/TypeError|✓/);
    expect(said.stderr).not.toContain("    at ");
  }
});

test("case 05: a job whose last deployment failed is not as it was; --force tries it again, and starts nothing that was stopped", async () => {
  program(jobOf("ledger", { script: "echo 'the ledger is locked' >&2; exit 3" }));
  const first = await project.run(["deploy", "dev"]);
  expect([first.code, flat(first)]).toEqual([1, expect.stringContaining("exit code 3")]);
  const second = await project.run(["deploy", "dev"]);
  expect([second.code, flat(second)]).toEqual([1, expect.stringContaining("exit code 3")]);
  expect(flat(second)).not.toMatch(/as it was|✓/);
  const before = (await cluster.nomad.deployments("ledger")).length;
  expect((await project.run(["deploy", "dev", "--force"])).code).toBe(1);
  expect((await cluster.nomad.deployments("ledger")).length).toBeGreaterThan(before);
  await cluster.nomad.deregister("ledger");
  const never = await project.run(["deploy", "dev", "--force"]);
  expect([never.code, flat(never)]).toEqual([1, expect.stringContaining("somebody stopped it")]);
  expect((await cluster.nomad.job("ledger"))?.Stop).toBe(true);
});

test("a system job whose allocation was stopped is degraded, 1 to place, and placed by deploy", async () => {
  program(jobOf("agent", { job: { Type: "system" } }));
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  const [allocation] = await cluster.nomad.allocations("agent");
  await stopped(allocation?.ID ?? "");
  await until("the end of it", async () =>
    (await cluster.nomad.allocations("agent")).every(({ ClientStatus }) => ClientStatus !== "running"),
  );
  const running = async () =>
    (await cluster.nomad.allocations("agent")).some(({ ClientStatus }) => ClientStatus === "running");
  const status = await project.run(["status", "dev"]);
  expect([status.code, flat(status)]).toEqual([1, expect.stringContaining("degraded")]);
  const preview = await project.run(["preview", "dev"]);
  expect([preview.code, flat(preview)]).toEqual([2, expect.stringMatching(/1 (?:allocation )?to place/)]);
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  expect(await running()).toBe(true);
});

test("a job that is purged while it is watched ends the command with 1", async () => {
  const update = { MinHealthyTime: 200 * SECOND, HealthCheck: "task_states", HealthyDeadline: 210 * SECOND };
  program(jobOf("gone", { group: { Update: { ...update, ProgressDeadline: 220 * SECOND } } }));
  const said: Promise<Said> = ended(project.spawn(["deploy", "dev"]));
  await until("a deployment", async () => (await cluster.nomad.deployments("gone")).length > 0);
  await cluster.nomad.deregister("gone", { purge: true });
  expect([(await said).code, flat(await said)]).toEqual([1, expect.stringContaining("it was purged")]);
});

test("a batch job that exits 7 fails, children of periodic jobs are listed, and a long reason is printed whole", async () => {
  const path = `/opt/${"a-rather-long-folder/".repeat(9)}shop-server`;
  program(
    jobOf("load", { job: { Type: "batch" }, script: "exit 7", group: { ReschedulePolicy: NEVER } }),
    jobOf("nightly", {
      job: { Type: "batch", Periodic: { Enabled: true, SpecType: "cron", Spec: "0 0 1 1 *", TimeZone: "UTC" } },
      script: "exit 7",
      group: { ReschedulePolicy: NEVER },
    }),
    jobOf("shop", { task: { Config: { command: path, args: [] } } }),
  );
  const deployed = await project.run(["deploy", "dev"]);
  expect([deployed.code, flat(deployed)]).toEqual([1, expect.stringContaining("exit code 7")]);
  expect(`${deployed.stdout}${deployed.stderr}`).toContain(path);
  await cluster.nomad.http.post(apiPath`/v1/job/${"nightly"}/periodic/force`, v.unknown(), { body: {} });
  const child = async () => (await cluster.nomad.jobs("nightly/")).some(({ Status }) => Status === "dead");
  await until("the end of the child", child);
  const status = await project.run(["status", "dev"]);
  expect([status.code, flat(status)]).toEqual([
    1,
    expect.stringMatching(/nightly\/periodic-\d+ .*failed.*exit code 7/),
  ]);
});

const testWithTerraform = hasTerraform() ? test : test.skip;
if (testWithTerraform === test.skip)
  console.log("skipped: what Nomad keeps as submitted; there is no terraform on PATH");

testWithTerraform(
  "what Nomad keeps as submitted is the text that Terraform reads in the synthesized file, and its format",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-submission-"));
    try {
      const text = `\${NOMAD_ALLOC_ID} 100%{x} $\${y} \\d "q"`;
      program(jobOf("web", { job: { Meta: { text } } }));
      const env = { ...process.env, CDKTF_OUTDIR: folder };
      const tsx = ["--import", require.resolve("tsx"), "main.ts"];
      execFileSync(process.execPath, tsx, { cwd: project.folder, env, stdio: "ignore" });
      const file = JSON.parse(readFileSync(join(folder, "stacks/dev/cdk.tf.json"), "utf8")) as {
        resource: { nomad_job: Record<string, { jobspec: string }> };
      };
      const [attribute] = Object.values(file.resource.nomad_job);
      const own = mkdtempSync(join(folder, "console-"));
      writeFileSync(join(own, "main.tf.json"), JSON.stringify({ locals: { jobspec: attribute?.jobspec } }));
      const input = "base64encode(local.jobspec)\n";
      const read = execFileSync("terraform", ["console"], { cwd: own, input, env: terraformEnv(), encoding: "utf8" });
      const source = Buffer.from(read.trim().replaceAll('"', ""), "base64").toString();
      expect((JSON.parse(source) as { Job: { ID: string } }).Job.ID).toBe("web");

      expect((await project.run(["deploy", "dev"])).code).toBe(0);
      const kept = await cluster.nomad.submission("web", Number((await cluster.nomad.job("web"))?.Version));
      expect(kept).toMatchObject({ Source: source, Format: "json" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test("a count that falls past what failed takes down nothing that runs, unless that is meant, and then it is placed anew", async () => {
  // Only one of them gets the lock, as with a static port.
  const lock = join(project.folder, "lock");
  const only = { script: `exec 9>>'${lock}'; flock -n 9 || exit 4; exec sleep 3600` };
  program(jobOf("single", only));
  expect((await project.run(["deploy", "dev"])).code).toBe(0);
  const [first] = await cluster.nomad.allocations("single");
  const scaled = { Count: 2, Target: { Group: "api" }, Message: "by hand" };
  await cluster.nomad.http.put(apiPath`/v1/job/single/scale`, v.unknown(), { body: scaled });
  const states = async () => (await cluster.nomad.allocations("single")).map(({ ClientStatus }) => ClientStatus).sort();
  await until("the second one has failed", async () => (await states()).join() === "failed,running");

  const why =
    /allocations of group "api" failed \(1\), which Nomad counts as if they ran: it stops 1 in their place that runs/;
  const preview = await project.run(["preview", "dev"]);
  expect([preview.code, flat(preview)]).toEqual([8, expect.stringMatching(why)]);
  const refused = await project.run(["deploy", "dev"]);
  expect([refused.code, flat(refused)]).toEqual([1, expect.stringMatching(why)]);
  expect((await cluster.nomad.allocation(first?.ID ?? ""))?.ClientStatus).toBe("running");

  const forced = await project.run(["deploy", "dev", "--force"]);
  expect([forced.code, flat(forced)]).toEqual([0, expect.stringMatching(/✓ single version \d+ is healthy/)]);
  expect((await states()).filter((status) => status === "running")).toHaveLength(1);
  expect((await project.run(["status", "dev"])).code).toBe(0);
  expect((await project.run(["preview", "dev"])).code).toBe(0);
});

test("what a rollback took back is told by status, preview and drift, and drift --fix does not bring it again", async () => {
  const healthy = jobOf("shop", { task: { Env: { GREETING: "hello" } } });
  const mistake = jobOf("shop", { task: { Env: { GREETING: "hello" }, Resources: { CPU: 20, MemoryMB: 20 } } });
  for (const each of [healthy, mistake]) {
    program(each);
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
  }
  expect((await project.run(["rollback", "dev", "--to", "0"])).code).toBe(0);
  const taken = /taken back from version 1 to 0 by cdk-nomad rollback, .*, 20\d\d-/;
  const status = await project.run(["status", "dev"]);
  expect([status.code, flat(status)]).toEqual([0, expect.stringMatching(taken)]);
  const preview = await project.run(["preview", "dev"]);
  expect([preview.code, flat(preview)]).toEqual([2, expect.stringMatching(taken)]);
  expect(flat(preview)).toContain("a deployment brings it again");
  const drift = await project.run(["drift", "dev"]);
  expect([drift.code, flat(drift)]).toEqual([2, expect.stringMatching(taken)]);
  expect(flat(drift)).toMatch(/mend the program, and then: cdk-nomad deploy dev/);
  expect(flat(drift)).not.toContain("put it right with");
  const fixed = await project.run(["drift", "dev", "--fix"]);
  expect([fixed.code, flat(fixed)]).toEqual([1, expect.stringContaining("taken back to a version before")]);
  expect((await cluster.nomad.job("shop"))?.Version).toBe(2);
  program(healthy);
  expect((await project.run(["drift", "dev"])).code).toBe(0);
  program(mistake);
  expect((await project.run(["drift", "dev", "--fix", "--undo-reverts"])).code).toBe(0);
  expect((await cluster.nomad.job("shop"))?.Version).toBe(3);
});
