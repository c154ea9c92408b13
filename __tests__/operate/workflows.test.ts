import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { clusterForSuite } from "../support/cluster";
import {
  asked,
  createComment,
  createIssue,
  listComments,
  listIssues,
  listPulls,
  pullRequest,
  RECORDED_GITHUB,
  type Recorded,
} from "../support/github";
import type { SmallJob } from "./programs/small-jobs";
import { outputsIn } from "../support/runner";
import { ended, Project, type Said } from "../support/project";
import { scale } from "../support/scale";

const ROOT = join(__dirname, "../..");
const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;
const file = (name: string) => join(project.folder, name);

beforeAll(() => {
  // As npm ci would leave it in the project of somebody who uses the action.
  mkdirSync(file("node_modules/.bin"), { recursive: true });
  symlinkSync(join(ROOT, "bin/cdk-nomad.js"), file("node_modules/.bin/cdk-nomad"));
});

const program = (...jobs: SmallJob[]) => project.change({ jobs });
const TOKEN = "ghs_planted_token";
const TASK = { Name: "script", Driver: "raw_exec", Config: { command: "/bin/true" } };

/** The event of a pull request, from a repository. */
function pullRequestOf(full_name: string): object {
  return { pull_request: { number: 12, head: { repo: { full_name } } } };
}

/** Runs the action's own step, as GitHub's runner would, against a recording of GitHub. */
async function act(
  inputs: Readonly<Record<string, string>>,
  recorded: readonly Recorded[] = [],
  event: object = pullRequestOf("acme/shop"),
): Promise<Said & { readonly outputs: Readonly<Record<string, string>>; readonly summary: string }> {
  const action = parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as {
    readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
    readonly runs: { readonly steps: readonly [{ readonly env: Record<string, string>; readonly run: string }] };
  };
  const [step] = action.runs.steps;
  const value = (name: string) => inputs[name] ?? action.inputs[name]?.default ?? "";
  const own = Object.fromEntries(
    Object.entries(step.env).map(([name, text]) => [
      name,
      text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/, (_, input: string) => value(input)),
    ]),
  );
  writeFileSync(file("event.json"), JSON.stringify(event));
  writeFileSync(file("recorded.json"), JSON.stringify(recorded));
  for (const name of ["outputs", "summary", "log"]) writeFileSync(file(name), "");
  const child = spawn("bash", ["-e", "-o", "pipefail", "-c", step.run], {
    cwd: project.folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...cluster.environment,
      ...own,
      NO_COLOR: "1",
      GITHUB_TOKEN: TOKEN,
      GITHUB_ACTION_PATH: ROOT,
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_EVENT_PATH: file("event.json"),
      GITHUB_OUTPUT: file("outputs"),
      GITHUB_STEP_SUMMARY: file("summary"),
      NODE_OPTIONS: `--require ${RECORDED_GITHUB}`,
      RECORDED_GITHUB: file("recorded.json"),
      RECORDED_GITHUB_LOG: file("log"),
    },
  });
  const said = await ended(child);
  expect(said.stdout + said.stderr).not.toContain(TOKEN);
  return {
    ...said,
    outputs: outputsIn(readFileSync(file("outputs"), "utf8")),
    summary: readFileSync(file("summary"), "utf8"),
  };
}

const dev = (command: string, more: object = {}) => ({ command, environment: "dev", via: "nomad", ...more });

test("preview: one comment with what Nomad would do, and the same in the run's summary", async () => {
  program({ id: "web", count: 2 });
  const said = await act(dev("preview"), [listComments([]), createComment()]);
  expect([said.code, said.outputs]).toEqual([0, { changes: "true" }]);
  const [list, create] = asked(file("log"));
  expect([list?.method, create?.method]).toEqual(["GET", "POST"]);
  expect(create?.sent.body).toMatch(/^\*\*dev\*\*: 1 job to create <!-- cdk-nomad preview: dev -->\n/);
  expect(said.summary).toContain("work: 2 created");
});

test("preview of a fork: nothing is asked of GitHub, and the summary has it", async () => {
  const said = await act(dev("preview"), [], pullRequestOf("mallory/shop"));
  expect([said.code, said.stdout]).toEqual([0, expect.stringContaining("comes from a fork")]);
  expect(said.summary).toContain("1 job to create");
  expect(readFileSync(file("log"), "utf8")).toBe("");
});

test("preview of a pull request's files, in a run that follows its own: the comment goes where GitHub says", async () => {
  program({ id: "never", count: 1 });
  const job = {
    ID: "web",
    Type: "service",
    Datacenters: ["*"],
    TaskGroups: [{ Name: "work", Count: 3, Tasks: [TASK] }],
  };
  const folder = file("of-the-pull-request");
  mkdirSync(join(folder, "stacks/dev"), { recursive: true });
  const jobspec = JSON.stringify({ Job: { ...job, Meta: { tag: "${var.tag}" } } });
  const stack = { resource: { nomad_job: { web: { jobspec } } }, variable: { tag: { type: "string" } } };
  writeFileSync(join(folder, "stacks/dev/cdk.tf.json"), JSON.stringify(stack));
  // What a pull request's author may write into the folder says nothing.
  writeFileSync(join(folder, "number"), "666");
  const head = { head_sha: "c0ffee", head_branch: "feature", head_repository: { full_name: "acme/shop" } };
  const inputs = dev("preview", { synthesized: folder, variables: "tag=1.2" });
  const event = { workflow_run: { event: "pull_request", ...head } };
  const said = await act(
    inputs,
    [listPulls([pullRequest(666, { sha: "other" }), pullRequest(12)]), listComments([]), createComment()],
    event,
  );
  expect([said.code, said.outputs]).toEqual([0, { changes: "true" }]);
  expect(asked(file("log")).at(-1)).toMatchObject({ method: "POST", path: "/repos/acme/shop/issues/12/comments" });
  expect(said.summary).toMatch(/1 job to create[^]*work: 3 created/);
  const later = await act(inputs, [listPulls([pullRequest(12, { sha: "later" })])], event);
  expect([later.code, later.stdout]).toEqual([
    0,
    expect.stringContaining("no open pull request ends with the commit c0ffee"),
  ]);
});

test("deploy: until it is healthy; a canary that waits is told, and promote ends it", async () => {
  program({ id: "web", count: 2 });
  const first = await act(dev("deploy"));
  expect([first.code, first.outputs]).toEqual([0, { waiting: "false" }]);
  program({ id: "web", count: 2, canary: 1, env: { RELEASE: "2" } });
  const second = await act(dev("deploy"));
  expect([second.code, second.outputs]).toEqual([0, { waiting: "true" }]);
  expect(second.stdout).toContain(
    "::warning title=A canary waits::dev has canaries that wait for: cdk-nomad promote dev",
  );
  // Not a canary of something else.
  program({ id: "web", count: 2, canary: 1, env: { RELEASE: "3" } });
  const other = await act(dev("promote", { "if-current": "true" }));
  expect([other.code, other.stdout]).toEqual([1, expect.stringContaining("dev no longer runs what this program says")]);
  program({ id: "web", count: 2, canary: 1, env: { RELEASE: "2" } });
  const promoted = await act(dev("promote", { "if-current": "true" }));
  expect([promoted.code, promoted.outputs]).toEqual([0, { waiting: "false" }]);
  expect((await cluster.nomad.job("web"))?.Stable).toBe(true);
});

test("deploy that fails: the step fails, and the log says why", async () => {
  program({ id: "web", count: 1, script: "echo no such shop >&2; exit 3" });
  const said = await act(dev("deploy"));
  expect([said.code, said.stdout]).toEqual([
    1,
    expect.stringContaining("::error title=cdk-nomad::the deployment of dev failed"),
  ]);
  expect(said.stdout).toContain("no such shop");
});

test("drift: one issue with what somebody changed", async () => {
  // What the other tests brought would be strays of this program.
  await cluster.purge();
  program({ id: "still" });
  expect((await act(dev("deploy"))).code).toBe(0);
  await scale(cluster.nomad, "still", "work", 3);
  const said = await act(dev("drift"), [listIssues([]), createIssue(7)]);
  expect([said.code, said.outputs]).toEqual([0, { changes: "true" }]);
  const create = asked(file("log")).at(-1);
  expect(create?.sent).toMatchObject({ title: "dev is not as the program says: 1 of 1 jobs", labels: ["drift"] });
  expect(create?.sent.body).toMatch(/- \*\*still\*\* was scaled[^]*count: 3 → 1/);
});

test("a command that is none, said as an error of the step", async () => {
  const said = await act(dev("destroy"));
  expect([said.code, said.stdout]).toEqual([1, expect.stringContaining("write preview, deploy, promote or drift")]);
});
