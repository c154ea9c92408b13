import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  BrowserVmJob,
  Driver,
  Job,
  Resources,
  RuntimeJob,
  Secret,
  SlotPoolJob,
  Task,
  TaskGroup,
  Template,
  WarmPoolJob,
  Cpu,
  Memory,
  Duration,
} from "../../lib";
import { binaryHere } from "../support/binaries";
import type { JobJson } from "../../lib/nomad";
import { withoutDefaults } from "../../lib/jobspec/host";
import { deploy, readRunningJob } from "../../lib/operations";
import { ask } from "../../bench/parity/server";
import { draw, graftsOf, mutate, randomFrom, sitesOf, type Json } from "../../bench/parity/draw";
import { jobs } from "../support/arbitraries";
import { comparable, corpus } from "../support/corpus";
import { clusterForSuite } from "../support/cluster";
import { PORT_CASES } from "../support/mesh-ports";
import { until } from "../support/until";
import { Masking } from "../../lib/masking";

const cluster = clusterForSuite();
const { project } = cluster;
let program: string;

beforeAll(async () => {
  program = (await binaryHere("nomad")).path;
});

/** Deploys a job, and says how that ended. */
async function run(job: Job): Promise<string | undefined> {
  const wanted = { kind: "job", path: job.id, job: job.toApi().Job as JobJson, after: [] } as const;
  const [outcome] = await deploy([wanted], {
    nomad: cluster.nomad,
    consul: cluster.consul,
    onStep: () => undefined,
    onChange: () => undefined,
    masking: new Masking(),
  });
  return outcome?.result;
}

const verdictOn = (job: Parameters<typeof ask>[1]) =>
  ask(cluster.addresses.NOMAD_ADDR, job, cluster.environment.NOMAD_TOKEN);

/** Asks the server for JSON. */
async function api<T>(path: string, body?: unknown): Promise<T> {
  const response = await cluster.ask(
    "nomad",
    path,
    body === undefined ? {} : { method: "PUT", body: JSON.stringify(body) },
  );
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** What the one allocation of a job wrote, once it has ended. */
async function outputOf(job: string): Promise<string> {
  let done: { ID: string } | undefined;
  await until(`the end of ${job}`, async () => {
    const allocations = await api<{ ID: string; JobID: string; ClientStatus: string }[]>("/v1/allocations");
    done = allocations.find(({ JobID, ClientStatus }) => JobID === job && ClientStatus === "complete");
    return done !== undefined;
  });
  const response = await cluster.ask("nomad", `/v1/client/fs/logs/${done?.ID}?task=runtime&type=stdout&plain=true`);
  return response.text();
}

const processes = { kind: "raw_exec" } as const;
/** Enough for a stand-in, which is a Node. */
const roomy = new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(256) });
const small = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(32) });

describe("runtime jobs", () => {
  test("run the command of a dispatch with its environment and the key that Nomad keeps", async () => {
    await api("/v1/var/nomad/jobs/runtime-openai", {
      Path: "nomad/jobs/runtime-openai",
      Items: { api_key: 'a "key" with $signs\\' },
    });
    const apiKey = Secret.fromNomadVariable("nomad/jobs/runtime-openai", "api_key");
    expect(
      await run(RuntimeJob.dispatched({ provider: "openai", execution: processes, resources: small, apiKey })),
    ).toBe("registered");
    const request = RuntimeJob.dispatch({
      userId: '../../Eve; "x"',
      command: 'printf "%s|%s|%s" "$NOMAD_META_user_id" "$GREETING" "$OPENAI_API_KEY"',
      timestamp: 1,
      env: { GREETING: "hello there" },
    });
    const { DispatchedJobID } = await api<{ DispatchedJobID: string }>("/v1/job/runtime-openai/dispatch", request);
    expect(await outputOf(DispatchedJobID)).toBe('../../Eve; "x"|hello there|a "key" with $signs\\');
    expect(JSON.stringify(await cluster.nomad.job("runtime-openai"))).not.toContain("with $signs");
  });

  test("run as jobs of their own", async () => {
    const job = RuntimeJob.once({
      provider: "google",
      userId: "user 1",
      command: "echo $NOMAD_META_user_id $DEBUG",
      timestamp: 2,
      env: { DEBUG: "on" },
      execution: processes,
      resources: small,
    });
    await run(job);
    expect(await outputOf(job.id)).toBe("user 1 on\n");
    await cluster.nomad.deregister(job.id, { purge: true });
  });
});

describe("pools", () => {
  test("a warm pool of ten becomes healthy", async () => {
    const pool = new WarmPoolJob({
      provider: "anthropic",
      execution: processes,
      resources: small,
      checkInterval: Duration.seconds(5),
    });
    expect(await run(pool)).toBe("healthy");
    const instances = await cluster.consul.instances("warm-pool-anthropic");
    expect(instances).toHaveLength(10);
    await cluster.nomad.deregister(pool.id, { purge: true });
  });

  test("a slot pool scales from its least to its most, and no further", async () => {
    const pool = new SlotPoolJob({ driver: "raw_exec", slots: 2, min: 1, max: 3, resources: roomy });
    expect(await run(pool)).toBe("healthy");
    const scale = (count: number) =>
      cluster.ask("nomad", `/v1/job/${pool.id}/scale`, {
        method: "PUT",
        body: JSON.stringify({ Count: count, Target: { Group: "sandbox" } }),
      });
    expect((await scale(3)).status).toBe(200);
    await until("three sandboxes", async () => {
      const found = await cluster.consul.instances(pool.id);
      return found.length === 3 && found.every(({ Checks }) => Checks.every(({ Status }) => Status === "passing"));
    });
    expect((await scale(4)).status).toBe(400);
    await cluster.nomad.deregister(pool.id, { purge: true });
  });

  test("a browser's machine answers on its ports, and shuts down gracefully", async () => {
    const machine = new BrowserVmJob({
      sessionId: "s",
      userId: "u",
      provider: "google",
      vmIp: "192.168.100.2",
      vncPort: 5900 + cluster.offset,
      machine: { kind: "process" },
      resources: roomy,
    });
    expect(await run(machine)).toBe("healthy");
    await cluster.nomad.deregister(machine.id);
    await until("its end", async () => {
      const [allocation] = await cluster.nomad.allocations(machine.id);
      return allocation?.ClientStatus === "complete";
    });
    await cluster.nomad.deregister(machine.id, { purge: true });
  });
});

describe("a real server", () => {
  test("says of drawn changes to jobs what is said here", async () => {
    const bases = corpus().filter(({ accepted, dependsOnCluster }) => accepted && !dependsOnCluster);
    const own: Json[] = [
      new SlotPoolJob(),
      new WarmPoolJob({ provider: "google" }),
      RuntimeJob.dispatched({ provider: "google" }),
    ].map((job) => job.toApi().Job);
    const all = [...bases.map(({ job }) => job), ...own];
    const sites = new Map(all.map((job) => [job, sitesOf(job)]));
    const grafts = graftsOf(sites.values());
    const random = randomFrom(20261121);
    const wrong: unknown[] = [];
    for (let count = 0; count < 600; count += 1) {
      const job = all[Math.floor(random() * all.length)] as Json;
      const mutation = draw(sites.get(job) ?? [], grafts, random);
      if (!mutation) continue;
      const changed = mutate(job, mutation);
      const verdict = await verdictOn(changed);
      const { job: read, problems } = Job.read(changed);
      const errors = [...problems, ...(read?.validate() ?? [])].filter(({ severity }) => severity === "error");
      if (!verdict.ofCluster && verdict.accepted !== (errors.length === 0)) wrong.push({ mutation, verdict, errors });
    }
    expect(wrong).toEqual([]);
  });

  test("takes what is valid here, refuses what is not, and reads HCL back as the same JSON", async () => {
    await fc.assert(
      fc.asyncProperty(jobs, async (json) => {
        const job = Job.fromApi(json);
        const valid = !job.validate().some(({ severity }) => severity === "error");
        const verdict = await verdictOn(json);
        expect({ valid, said: verdict.errors }).toEqual({
          valid: verdict.ofCluster ? valid : verdict.accepted,
          said: verdict.errors,
        });
        // What no server takes need not have HCL that says the same, such as two default identities.
        const written = job.toApi().Job;
        const back = valid ? await cluster.nomad.parse(job.toHcl()) : written;
        expect(parsed(back)).toEqual(parsed(written));
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  test.each(PORT_CASES.map((entry) => [entry.name, entry] as const))(
    "knows a port for a check, or none: %s",
    async (_name, { job, accepted }) => {
      const verdict = await verdictOn(job.toApi().Job);
      expect({ accepted: verdict.accepted, errors: accepted ? verdict.errors : [] }).toEqual({ accepted, errors: [] });
    },
  );

  test("reads HCL that is left as nomad fmt leaves it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-fmt-"));
    const own = ["dev"].flatMap(() => [
      new SlotPoolJob(),
      new WarmPoolJob({ provider: "google" }),
      RuntimeJob.dispatched({ provider: "openai" }),
    ]);
    const all = [...own, ...corpus().map(({ job }) => Job.fromApi(job))];
    for (const [index, job] of all.entries()) writeFileSync(join(folder, `${index}.nomad.hcl`), job.toHcl());
    execFileSync(program, ["fmt", folder]);
    const changed = all.filter(
      (job, index) => readFileSync(join(folder, `${index}.nomad.hcl`), "utf8") !== job.toHcl(),
    );
    rmSync(folder, { recursive: true });
    expect(changed.map(({ id }) => id)).toEqual([]);
    for (const job of own) expect(parsed(await cluster.nomad.parse(job.toHcl()))).toEqual(parsed(job.toApi().Job));
  });

  test("gives a running job back as it was written", async () => {
    const job = new Job({
      id: "sleeper",
      type: "batch",
      groups: [
        new TaskGroup({
          name: "g",
          tasks: [
            new Task({
              name: "t",
              driver: Driver.rawExec({ command: "/bin/sleep", args: ["1"] }),
              resources: small,
              templates: [Template.file("local/a", "x\n")],
            }),
          ],
        }),
      ],
    });
    await run(job);
    const read = await readRunningJob("sleeper", cluster.nomad);
    expect(parsed(read.job.toApi().Job)).toEqual(parsed(job.toApi().Job));
    const plan = await api<{ Diff: { Type: string } }>("/v1/job/sleeper/plan", {
      Job: read.job.toApi().Job,
      Diff: true,
    });
    expect(plan.Diff.Type).toBe("None");
    await cluster.nomad.deregister("sleeper", { purge: true });
  });
});

describe("cdk-nomad import", () => {
  test("reads HCL with its variables and its comments, and says where Nomad's parser stumbles", async () => {
    const file = join(project.folder, "web.nomad.hcl");
    writeFileSync(
      file,
      'variable "tag" {}\nvariable "more" { default = ["a"] }\njob "web" {\n  # One of each.\n  group "web" {\n    task "t" {\n      driver = "docker"\n      config {\n        image = "nginx:${var.tag}"\n        args  = var.more\n      }\n    }\n  }\n}\n',
    );
    const ways: Record<string, string>[] = [{}, cluster.environment];
    for (const env of ways) {
      const said = await project.run(["import", file, "--var", "tag=1.2", "--var", 'more=["b"]'], env);
      // A slow machine is told of.
      expect(said.stderr.replace(/^ {2}reading .*\n$/, "")).toBe("");
      expect(said.stdout).toContain('web({ tag = "1.2", more = ["b"] }: WebVariables = {}): Job {');
      expect(said.stdout).toContain("// One of each.\n      new TaskGroup({");
      expect(said.stdout).toContain("Driver.docker({ image: `nginx:${tag}`, args: more })");
      const unset = await project.run(["import", file], env);
      expect(unset.code).toBe(1);
      expect(unset.stderr.replaceAll(/\s+/g, " ")).toMatch(/:1.* the variable "tag" has no value; write --var tag=…/);
    }
    writeFileSync(file, 'job "x" {\n  group "g" { foo = [ }\n}\n');
    const broken = await project.run(["validate", "--format", "json", file]);
    expect(JSON.parse(broken.stdout)).toMatchObject([{ problems: [{ rule: "hcl/parse", line: 2 }] }]);
  });
});

/** Parsed HCL and written JSON, made alike: without what Nomad fills in by itself, and what is the same as nothing. */
function parsed(json: unknown): unknown {
  const job = structuredClone(json) as Json;
  job.Name ??= job.ID;
  for (const group of listOf(job.TaskGroups)) {
    for (const task of listOf(group.Tasks)) {
      // The one without a name is the default one, which has a place of its own.
      const identities = [...listOf(task.Identities), ...(task.Identity ? [task.Identity as Json] : [])];
      const unnamed = identities.find(({ Name }) => !Name || Name === "default");
      task.Identity = unnamed ?? null;
      task.Identities = identities.filter((identity) => identity !== unnamed);
    }
  }
  // A server keeps another block there, which is passed over.
  const { Update, ...rest } = job;
  return withoutEmptyMaps(comparable({ ...(withoutDefaults(rest) as Json), Update }, true));
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function withoutEmptyMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyMaps);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, withoutEmptyMaps(item)] as const)
      .filter(([, item]) => !(typeof item === "object" && item !== null && Object.keys(item).length === 0)),
  );
}
