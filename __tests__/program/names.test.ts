import { jobsNamed, parentOf } from "../../lib/nomad";
import { namesToWrite } from "../../lib/operations";
import { ReplayServer, type Answers } from "../support/replay";
import { cli, environment } from "../support/run-cli";
import { SynthesizedProject } from "../support/synthesized";

/** The names that commands take: those that status and pool status show, and those that people remember of them. */

const CHILD = "runtime-openai/dispatch-1795650326-0947f79a";
const ids = ["web", "warm-pool-openai-39f6cbe4", "warm-pool-openai-0a1b2c3d", CHILD, "nightly/periodic-1795650326"];

test.each([
  ["web", ["web"]],
  ["warm-pool-openai-39f6cbe4", ["warm-pool-openai-39f6cbe4"]],
  ["warm-pool-openai", ["warm-pool-openai-39f6cbe4", "warm-pool-openai-0a1b2c3d"]],
  ["runtime-openai", [CHILD]],
  [CHILD, [CHILD]],
  ["nightly", ["nightly/periodic-1795650326"]],
  ["warm-pool", []],
  ["we", []],
])("%s means %j", (name, meant) => expect([...jobsNamed(name, ids)]).toEqual(meant));

test("a job of that very id is meant before what is called after it", () => {
  expect([...jobsNamed("web", ["web-0a1b2c3d", "web", "web/dispatch-1"])]).toEqual(["web"]);
  expect([parentOf(CHILD), parentOf("web")]).toEqual(["runtime-openai", undefined]);
});

test.each([
  ["prism-stak", "write prism-stack, or one of web, warm-pool-openai-39f6cbe4, dev"],
  ["warm-pool-opnai", "write warm-pool-openai-39f6cbe4, or one of web, prism-stack, dev"],
  ["warm-pool-openai-ffffffff", "write warm-pool-openai-39f6cbe4, or one of web, prism-stack, dev"],
  ["dve", "write dev, or one of web, prism-stack, warm-pool-openai-39f6cbe4"],
  ["prism", "write prism-stack, or one of web, warm-pool-openai-39f6cbe4, dev"],
  ["something", "write one of web, prism-stack, warm-pool-openai-39f6cbe4, dev"],
])("instead of %s: %s", (name, words) => {
  expect(namesToWrite(name, ["web", "prism-stack", "warm-pool-openai-39f6cbe4", "dev"])).toBe(words);
});

describe("on a cluster with a pool, a dispatched job and one of two tasks", () => {
  let nomad: ReplayServer;
  let project: SynthesizedProject;
  const allocation = (id: string, job: string, tasks: readonly string[], age: number) => ({
    ID: id,
    EvalID: "e",
    Name: `${job}.g[0]`,
    Namespace: "default",
    NodeID: "n",
    NodeName: "n",
    JobID: job,
    JobVersion: 0,
    TaskGroup: "g",
    DesiredStatus: "run",
    DesiredDescription: "",
    ClientStatus: "running",
    ClientDescription: "",
    CreateIndex: 1,
    ModifyIndex: 1,
    CreateTime: 1_000_000 - age,
    ModifyTime: 1_000_000,
    TaskStates: Object.fromEntries(
      tasks.map((name) => [name, { State: "running", Failed: false, Restarts: 0, Events: [] }]),
    ),
  });
  const all = [
    allocation("aaaaaaaa-0000-4000-8000-000000000001", "warm-pool-openai-39f6cbe4", ["runtime"], 1),
    allocation("aaaaaaaa-0000-4000-8000-000000000002", "warm-pool-openai-39f6cbe4", ["runtime"], 2),
    allocation("bbbbbbbb-0000-4000-8000-000000000003", CHILD, ["runtime"], 3),
    allocation("cccccccc-0000-4000-8000-000000000004", "web", ["server", "sidecar"], 4),
  ];
  const job = (fields: { readonly ID: string } & Readonly<Record<string, unknown>>) => ({ ...fields, TaskGroups: [] });
  beforeAll(async () => {
    const logs = all.flatMap(({ ID, JobID, TaskStates }) =>
      Object.keys(TaskStates).map((task): [string, Answers[string]] => [
        `GET /v1/client/fs/logs/${ID}`,
        { body: `${ID.slice(0, 8)} ${JobID} ${task}\n` },
      ]),
    );
    nomad = new ReplayServer({ "GET /v1/allocations": { body: all }, ...Object.fromEntries(logs) });
    await nomad.open();
    project = SynthesizedProject.ofJobs(
      job({ ID: "web" }),
      job({ ID: "warm-pool-openai-39f6cbe4", Meta: { pool: "warm-pool-openai" } }),
      job({ ID: "runtime-openai", ParameterizedJob: {} }),
    );
  });
  afterAll(async () => {
    await nomad.close();
    project.remove();
  });
  const run = (...args: readonly string[]) =>
    cli(args, {
      cwd: project.folder,
      env: environment({ NOMAD_ADDR: nomad.address, CONSUL_HTTP_ADDR: nomad.address }),
    });

  test.each([
    ["a pool", ["warm-pool-openai"], /^aaaaaaaa warm-pool-openai-39f6cbe4 runtime\n/],
    ["a pool's job", ["warm-pool-openai-39f6cbe4"], /^aaaaaaaa /],
    ["a container", [all[1]?.ID ?? ""], /^aaaaaaaa /],
    ["the beginning of an allocation's id", ["bbbbbbbb"], /^bbbbbbbb /],
    ["a job that is dispatched", ["runtime-openai"], /^bbbbbbbb /],
    ["one that was dispatched", [CHILD], /^bbbbbbbb /],
    ["a task of a pool", ["runtime", "--job", "warm-pool-openai"], /^aaaaaaaa /],
    ["a task of what was dispatched", ["runtime", "--job", CHILD], /^bbbbbbbb /],
    ["a task", ["sidecar"], /^cccccccc web /],
  ])("logs takes the name of %s", async (_what, args, said) => {
    const { code, stdout } = await run("logs", ...args);
    expect([code, stdout]).toEqual([0, expect.stringMatching(said)]);
  });

  test.each([
    [["web"], "has several tasks; write cdk-nomad logs <task> --job web, with one of server, sidecar"],
    [["servr"], "no allocation has such a task, and no job is called so; write server, or one of "],
    [["runtime"], "several jobs have such a task; write --job and one of runtime-openai, warm-pool-openai-39f6cbe4"],
    [["runtime", "--job", "wbe"], '--job: no allocation is of a job "wbe"; write web, or one of '],
  ])("logs %j says what to write", async (args, message) => {
    const { code, stderr } = await run("logs", ...args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test.each(["status", "restart", "rollback", "promote", "fail"])(
    "%s takes a pool, and nothing for a job of it that only looks like one",
    async (command) => {
      // Nothing is known of the job on this server: that it was found in the stack is all that matters here.
      const { stdout, stderr: rest } = await run(command, "dev", "--job", "warm-pool-openai", "--json");
      expect(stdout + rest).not.toContain("--job");
      for (const [name, instead] of [
        [CHILD, "runtime-openai"],
        ["warm-pool-openai-0a1b2c3d", "warm-pool-openai-39f6cbe4"],
      ] as const) {
        const { code, stderr } = await run(command, "dev", "--job", name);
        const said = new RegExp(
          `--job: (there is no job "${name}"|"${name}" is no job of the stack).*; write ${instead}`,
        );
        expect([command, code, stderr.replaceAll(/\s+/g, " ")]).toEqual([command, 1, expect.stringMatching(said)]);
      }
      const { stderr } = await run(command, "dev", "--job", "warm-pool-opena");
      expect(stderr).toContain('--job: there is no job "warm-pool-opena"; write warm-pool-openai-39f6cbe4, or one of ');
    },
  );
});
