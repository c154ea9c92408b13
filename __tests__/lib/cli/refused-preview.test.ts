import { join } from "node:path";
import { LastClusters } from "../../../lib/operations";
import { layOut, projectIdentity, type RecordContent } from "../../../lib/stack-record";
import { ReplayServer, type Answers } from "../../support/replay";
import { cli, environment } from "../../support/run-cli";
import { SynthesizedProject, type Resources, type SynthesizedStack } from "../../support/synthesized";

// Whatever a deployment would refuse, a preview with the same options says, and does not end as if all were well.

const server = new ReplayServer();
beforeAll(() => server.open());
afterAll(() => server.close());

const JOB = { ID: "web", TaskGroups: [{ Name: "api", Count: 1, Meta: { level: "${var.level}" } }] };
const web = { nomad_job: { web: { jobspec: JSON.stringify({ Job: JOB }) } } };

interface Refused {
  readonly resources?: Resources;
  readonly variables?: Readonly<Record<string, object>>;
  readonly stack?: SynthesizedStack;
  /** What the cluster has of the stack, or of another one. Default: nothing. */
  readonly recorded?: Partial<RecordContent>;
  /** Whether the job on the cluster is otherwise than the program says. Default: it is as it says. */
  readonly changes?: boolean;
  /** A cluster that the stack went to the last time. */
  readonly last?: string;
  /** What both say. */
  readonly says: RegExp;
  /** The options with which neither is refused. */
  readonly allowed?: readonly string[];
}

const LEVEL = { level: { default: "info" } };
const KINDS: Readonly<Record<string, Refused>> = {
  "a job that is another stack's": {
    recorded: { environment: "staging" },
    says: /web is a job of staging, which its record says/,
    allowed: ["--adopt"],
  },
  "a job of which no record tells, and which is another": {
    changes: true,
    says: /web was not brought by this stack/,
    allowed: ["--adopt"],
  },
  "another cluster than the last time": {
    last: "elsewhere",
    says: /went to http:\/\/127\.0\.0\.1:1 the last time/,
    allowed: ["--to-new-cluster"],
  },
  "another cluster than it says": {
    stack: { declared: { cluster: { address: "https://nomad.example.com" } } },
    says: /is for the Nomad at https:\/\/nomad\.example\.com/,
  },
  "what only Terraform brings": {
    resources: { ...web, local_file: { note: { filename: "note" } } },
    says: /is a local_file, which only Terraform brings/,
  },
};

function answersOf(folder: string, { recorded, changes = false }: Refused): Answers {
  const content: RecordContent = {
    project: projectIdentity(folder),
    environment: "dev",
    owner: "cdk-nomad",
    variables: {},
    defaults: {},
    environmentVariables: {},
    jobs: [{ id: "web" }],
    consul: [],
    ...recorded,
  };
  const entries = recorded ? layOut(content) : [];
  const stub = ({ path }: { readonly path: string }) => ({ Path: path, CreateIndex: 1, ModifyIndex: 1 });
  const held = { ...JOB, Region: "global", Namespace: "default", Stop: false, Version: 0, JobModifyIndex: 7 };
  const field = { Type: "Edited", Name: "Priority", Old: "50", New: "60", Annotations: null };
  return {
    "GET /.well-known/jwks.json": { body: { keys: [{ kid: "here" }] } },
    "GET /v1/regions": { body: ["global"] },
    "GET /v1/jobs": { body: [] },
    "GET /v1/vars": { body: entries.map(stub) },
    ...Object.fromEntries(
      entries.map((entry) => [
        `GET /v1/var/${entry.path}`,
        { body: { ...stub(entry), Items: { record: JSON.stringify(entry.value) } } },
      ]),
    ),
    "GET /v1/job/web": { body: held },
    "GET /v1/job/web/versions": { body: { Versions: [held], Diffs: null } },
    "POST /v1/job/web/plan": {
      body: {
        Diff: { Type: changes ? "Edited" : "None", ID: "web", Fields: changes ? [field] : [] },
        Annotations: { DesiredTGUpdates: {} },
        FailedTGAllocs: null,
        Warnings: "",
        JobModifyIndex: 7,
      },
    },
  };
}

test.each(Object.entries(KINDS))("%s is refused by deploy, and told by preview", async (_, kind) => {
  const { resources = web, variables = LEVEL, stack, last, says, allowed } = kind;
  const project = new SynthesizedProject(resources, variables, stack);
  try {
    if (last !== undefined)
      await new LastClusters(join(project.folder, ".cdk-nomad/stacks.json")).keep("dev", {
        address: "http://127.0.0.1:1",
        keys: [last],
        embedded: false,
      });
    server.reset(answersOf(project.folder, kind));
    const env = environment({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address });
    const run = (...args: readonly string[]) => cli(args, { cwd: project.folder, env, columns: 1000 });
    const deployed = await run("deploy", "dev", "--detach");
    expect([deployed.code, deployed.stderr]).toEqual([1, expect.stringMatching(says)]);
    const seen = await run("preview", "dev");
    expect([seen.code, seen.stdout]).toEqual([8, expect.stringMatching(says)]);
    const json = await run("preview", "dev", "--json");
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([8, { refused: [expect.stringMatching(says)] }]);
    if (allowed === undefined) return;
    const meant = await run("preview", "dev", ...allowed);
    expect([meant.code, meant.stdout]).toEqual([kind.changes ? 2 : 0, expect.not.stringMatching(says)]);
    expect(server.asked.filter(({ method, path }) => method !== "GET" && !path.endsWith("/plan"))).toEqual([]);
  } finally {
    project.remove();
  }
});

test.each<[string, Pick<Refused, "recorded">, string]>([
  [
    "a variable",
    { recorded: { variables: { level: "debug" }, defaults: { level: "info" } } },
    "taken from the last deployment: level=debug",
  ],
  [
    "a namespace",
    { recorded: { environmentVariables: { NOMAD_NAMESPACE: "shop" } } },
    "taken from the last deployment: NOMAD_NAMESPACE=shop",
  ],
])("%s that of the last deployment is taken by preview, which is no refusal", async (_, kind, says) => {
  const project = new SynthesizedProject(web, LEVEL);
  try {
    server.reset(answersOf(project.folder, kind as Refused));
    const env = environment({ NOMAD_ADDR: server.address, CONSUL_HTTP_ADDR: server.address });
    const seen = await cli(["preview", "dev"], { cwd: project.folder, env, columns: 1000 });
    expect([seen.code, seen.stderr]).toEqual([0, expect.stringContaining(says)]);
  } finally {
    project.remove();
  }
});
