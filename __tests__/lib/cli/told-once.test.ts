import { existsSync } from "node:fs";
import { join } from "node:path";
import { previewText } from "../../../lib/cli/preview-text";
import type { Preview } from "../../../lib/operations";
import { layOut, projectIdentity, recordPath, type RecordContent } from "../../../lib/stack-record";
import { renderTerminal } from "../../../lib/text";
import { ReplayServer, type Answers } from "../../support/replay";
import { cli, environment } from "../../support/run-cli";
import { SynthesizedProject } from "../../support/synthesized";

// What is wrong, or about to happen, is told once, with its cause and what to do.

const server = new ReplayServer();
let project: SynthesizedProject;
beforeAll(() => server.open());
beforeEach(() => (project = SynthesizedProject.ofJobs(...["a", "b", "c"].map((ID) => ({ ID, TaskGroups: [] })))));
afterEach(() => project.remove());
afterAll(() => server.close());

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  cli(args, { cwd: project.folder, env: environment(env), columns: 400 });
const here = () => ({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address });

/** Answers of a Nomad that keeps the records of these stacks, and holds their jobs as they are recorded. */
function holding(...stacks: readonly { readonly environment: string; readonly jobs: readonly string[] }[]): Answers {
  const entries = stacks.flatMap(({ environment: name, jobs }) => {
    const content: RecordContent = {
      project: projectIdentity(project.folder),
      environment: name,
      owner: "cdk-nomad",
      variables: {},
      defaults: {},
      environmentVariables: {},
      jobs: jobs.map((id) => ({ id })),
      consul: [],
    };
    return layOut(content);
  });
  const stub = ({ path }: { readonly path: string }) => ({ Path: path, CreateIndex: 1, ModifyIndex: 1 });
  const held = (ID: string) => ({
    ID,
    Type: "service",
    Region: "global",
    Namespace: "default",
    Stop: false,
    JobModifyIndex: 7,
  });
  const ids = [...new Set(stacks.flatMap(({ jobs }) => jobs))];
  const plan = {
    Diff: { Type: "Edited", ID: "a" },
    Annotations: { DesiredTGUpdates: {} },
    FailedTGAllocs: null,
    Warnings: "",
    JobModifyIndex: 7,
  };
  return {
    "GET /v1/regions": { body: ["global"] },
    "GET /v1/vars": { body: entries.map(stub) },
    ...Object.fromEntries(
      entries.map((entry) => [
        `GET /v1/var/${entry.path}`,
        { body: { ...stub(entry), Items: { record: JSON.stringify(entry.value) } } },
      ]),
    ),
    ...Object.fromEntries(
      ids.flatMap((id) => [
        [`GET /v1/job/${id}`, { body: held(id) }],
        [`POST /v1/job/${id}/plan`, { body: plan }],
      ]),
    ),
    "GET /v1/jobs": { body: [] },
  };
}

test("no cluster is one complaint, and not two", async () => {
  const gone = await new ReplayServer().open();
  const { address } = gone;
  await gone.close();
  for (const args of [
    ["status", "dev"],
    ["preview", "dev"],
    ["deploy", "dev"],
  ]) {
    const { code, stderr } = await run(args, { NOMAD_ADDR: address, CONSUL_HTTP_ADDR: address });
    expect([args, code, stderr.match(/does not answer/g)]).toEqual([args, 1, ["does not answer"]]);
  }
});

test("jobs of a stack that has another name by now are one refusal, which says how they are taken over", async () => {
  server.reset(holding({ environment: "local", jobs: ["a", "b", "c"] }));
  const { code, stderr } = await run(["deploy", "dev"], here());
  expect(code).toBe(1);
  expect(stderr.match(/--adopt/g)).toHaveLength(1);
  expect(stderr).toMatch(/a, b, c are jobs of local.*--adopt.*cdk-nomad destroy local/);
});

test("a preview says once whose jobs they are, and in its first line how many", async () => {
  server.reset(holding({ environment: "local", jobs: ["a", "b"] }, { environment: "eu", jobs: ["c"] }));
  const { code, stdout } = await run(["preview", "dev"], here());
  expect(code).toBe(8);
  expect(stdout.split("\n")[0]).toContain("3 are another stack's");
  expect(stdout.match(/deployment is refused/g)).toHaveLength(2);
  expect(stdout).toMatch(/a, b are jobs of local, which[^]*--adopt[^]*c is a job of eu, which/);
  const { stdout: json } = await run(["preview", "dev", "--json"], here());
  expect((JSON.parse(json) as Preview).foreign).toEqual([
    { job: "a", owner: "local" },
    { job: "b", owner: "local" },
    { job: "c", owner: "eu" },
  ]);
});

test("a preview without anybody else's jobs says nothing of them", () => {
  const text = renderTerminal(previewText({ environment: "dev", jobs: [], consul: [], terraformOnly: [] }), {
    color: false,
    mask: (same) => same,
  });
  expect(text).not.toMatch(/another stack|--adopt/);
});

test("what would go is listed also where nobody can be asked", async () => {
  server.reset(holding({ environment: "dev", jobs: ["a", "b"] }));
  const { code, stderr } = await run(["destroy", "dev"], here());
  expect(code).toBe(1);
  expect(stderr).toMatch(/dev: 2 jobs and 0 things in Consul go\n {2}job a\n {2}job b\n[^]*--yes/);
  expect(server.asked.filter(({ method }) => method === "DELETE")).toEqual([]);
});

test("a deployment from another clone on this machine says that it takes a stack's place, and none after it", async () => {
  server.reset(holding({ environment: "dev", jobs: ["a", "b", "c"] }));
  const deploy = () => run(["deploy", "dev", "--detach"], here());
  expect((await deploy()).stderr).toMatch(/dev is here already, and this folder has no note that it brought it/);
});

test("a first deployment that was interrupted is this folder's, whatever of it came, and the next one goes on with it", async () => {
  const stop = new AbortController();
  const path = `PUT /v1/var/${recordPath({ project: projectIdentity(project.folder), environment: "dev" })}/jobs/0`;
  server.reset({
    ...holding(),
    ...Object.fromEntries(
      ["a", "b", "c"].map((id) => [
        `POST /v1/job/${id}/plan`,
        { body: { Diff: { Type: "Added", ID: id }, Annotations: { DesiredTGUpdates: {} }, JobModifyIndex: 0 } },
      ]),
    ),
    [path]: () => {
      stop.abort();
      return "hang";
    },
  });
  const first = await cli(["deploy", "dev"], { cwd: project.folder, env: environment(here()), signal: stop.signal });
  expect([first.code, server.count(path)]).toEqual([130, 1]);
  expect(first.stderr).toContain(
    "interrupted; Nomad goes on with what it was given. Come back with: cdk-nomad status dev",
  );
  // Its answer was lost, and the record had come all the same.
  server.reset(holding({ environment: "dev", jobs: ["a", "b", "c"] }));
  const next = await run(["deploy", "dev", "--detach"], here());
  expect(next.stderr).not.toContain("is here already");
  expect(next.stderr).toContain("asking Nomad what it would do");
});

test.each([
  [["up", "--regions", "us west"], /"us west" is no name of a region; write names of small letters/],
  [["up", "--regions", "us-west,us-west"], /"us-west" stands there twice/],
])("%j is told which name is wrong", async (args, expected) => {
  const { code, stderr } = await run(args);
  expect([code, stderr]).toEqual([1, expect.stringMatching(expected)]);
  expect(existsSync(join(project.folder, ".cdk-nomad"))).toBe(false);
});

test("status of the embedded cluster says that NOMAD_ADDR names another one", async () => {
  const { code, stderr } = await run(["status"], { NOMAD_ADDR: "https://me:hunter22@nomad.example.com" });
  expect([code, stderr]).toEqual([
    7,
    expect.stringMatching(/NOMAD_ADDR names another cluster, at https:\/\/nomad\.example\.com/),
  ]);
  expect(stderr).not.toContain("hunter22");
  expect((await run(["status"])).stderr).not.toContain("NOMAD_ADDR");
});

test("start takes the stack that is named, and says which there are where that is none", async () => {
  const { code, stderr } = await run(["start", "us"]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/us: there is no such environment; write one of dev/)]);
  expect((await run(["start", "--help"])).stdout).toMatch(/\[environment\][^]*dev, or the only one that there is/);
});
