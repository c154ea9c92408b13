import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

const ROOT = join(__dirname, "../..");
const OWN = ".github/workflows";
const EXAMPLES = "examples/workflows";
/** What an example writes in the place of this repository's action. */
const ACTION = "OWNER/cdk-nomad@0000000000000000000000000000000000000000";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly environment?: string;
  readonly if?: string;
  readonly needs?: string | readonly string[];
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const texts = new Map(
  [OWN, EXAMPLES].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => [
      `${folder}/${name}`,
      readFileSync(join(ROOT, folder, name), "utf8"),
    ]),
  ),
);
const workflows = new Map([...texts].map(([name, text]) => [name, parse(text) as Workflow]));
const action = parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly runs: { readonly steps: readonly Step[] };
};
const jobs = [...workflows].flatMap(([name, { jobs: all }]) =>
  Object.entries(all).map(([id, job]) => [`${name} ${id}`, job] as const),
);
const jobsOf = (folder: string, workflow: string) => workflows.get(`${folder}/${workflow}`)?.jobs ?? {};

test.each([...texts])("%s pins every action of others by its commit, with the release beside it", (_name, text) => {
  const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, said = ""]) => said);
  expect(uses.length).toBeGreaterThan(0);
  const pinned = /^\.\/$|^[\w-]+\/[\w-]+@[0-9a-f]{40} # (?:v\d+\.\d+\.\d+|the commit of the release)$/;
  for (const said of uses) expect(said).toMatch(pinned);
});

describe.each([
  { folder: OWN, stages: ["dev", "staging", "prod"] },
  { folder: EXAMPLES, stages: ["staging", "prod"] },
])("in $folder", ({ folder, stages }) => {
  const own = [...workflows].filter(([name]) => name.startsWith(folder));
  const ownJobs = jobs.filter(([name]) => name.startsWith(folder));

  test("no token may more than it has to", () => {
    for (const [, { on, permissions }] of own) {
      expect(on).not.toHaveProperty("pull_request_target");
      expect(Object.entries(permissions).filter(([, level]) => level === "write")).toEqual([]);
    }
    const writing = ownJobs.flatMap(([name, job]) =>
      Object.entries(job.permissions ?? {}).flatMap(([what, level]) => (level === "write" ? [`${name}: ${what}`] : [])),
    );
    expect(writing).toEqual([
      `${folder}/drift.yml drift: issues`,
      `${folder}/preview-comment.yml comment: pull-requests`,
      `${folder}/promote.yml next: actions`,
    ]);
    const withSecrets = ownJobs.filter(([, job]) => JSON.stringify(job).includes("secrets."));
    expect(withSecrets.map(([name]) => name)).toEqual([
      ...stages.map((stage) => `${folder}/deploy.yml ${stage}`),
      `${folder}/drift.yml drift`,
      `${folder}/preview-comment.yml comment`,
      `${folder}/promote.yml promote`,
    ]);
    // Secrets belong to an environment, and not to every run of the repository.
    expect(withSecrets.filter(([, job]) => job.environment === undefined)).toEqual([]);
  });

  test("where a pull request's program runs there is no secret, no environment and no token that writes", () => {
    const runs = own.filter(([, { on }]) => "pull_request" in on);
    for (const [name, { jobs: all }] of runs.filter(([each]) => !each.endsWith("/test.yml"))) {
      expect(name).toBe(`${folder}/preview.yml`);
      for (const job of Object.values(all)) {
        expect([job.permissions, job.environment]).toEqual([{ contents: "read" }, undefined]);
        expect(JSON.stringify(job)).not.toMatch(/secrets\.|vars\.|github\.token/);
      }
    }
    expect(runs.length).toBeGreaterThan(0);
  });

  test("where a pull request's files are read, nothing of it is checked out or run", () => {
    const following = own.filter(([, { on }]) => "workflow_run" in on);
    expect(following.map(([name]) => name)).toEqual([`${folder}/preview-comment.yml`]);
    const { comment } = jobsOf(folder, "preview-comment.yml");
    const steps = comment?.steps ?? [];
    const used = (action: string) => steps.find(({ uses = "" }) => uses.startsWith(action))?.with;
    // The default branch, since that is what a workflow_run is of.
    expect(used("actions/checkout")).toEqual({ "persist-credentials": false });
    const temporary = "${{ runner.temp }}/synthesized";
    expect(used("actions/download-artifact")?.path).toBe(temporary);
    const action = steps.at(-1);
    expect(action?.with).toMatchObject({ command: "preview", synthesized: temporary });
    // A variable of Terraform's could be a secret, and the pull request's program says where it is shown.
    expect(Object.keys(action?.env ?? {}).filter((name) => name.startsWith("TF_VAR_"))).toEqual([]);
    expect(steps.flatMap(({ run }) => run ?? [])).toEqual(["npm ci --no-audit --no-fund"]);
    for (const condition of [
      "github.event.workflow_run.event == 'pull_request'",
      "github.event.workflow_run.conclusion == 'success'",
      "github.event.workflow_run.head_repository.full_name == github.repository",
    ])
      expect(comment?.if).toContain(condition);
    expect(comment?.environment).toBe("${{ matrix.environment }}-preview");
    // What is told from it is numbers and names that GitHub gives, and nothing that the pull request's author writes.
    const told = [...JSON.stringify(comment).matchAll(/github\.event\.workflow_run\.([\w.]+)/g)].map(
      ([, path]) => path,
    );
    expect(new Set(told)).toEqual(
      new Set(["event", "conclusion", "path", "head_repository.full_name", "head_branch", "id", "head_sha"]),
    );
  });

  test("two deployments of an environment never race, and promoting is one of them", () => {
    const groups = ownJobs
      .filter(([, job]) => [...stages, "${{ inputs.environment }}"].includes(job.environment ?? ""))
      .map(([, { concurrency }]) => [concurrency?.group, concurrency?.["cancel-in-progress"]]);
    expect(groups).toEqual([...stages, "${{ inputs.environment }}"].map((stage) => [`deploy-${stage}`, false]));
    for (const stage of stages)
      expect(jobsOf(folder, "deploy.yml")[stage]?.steps.at(-1)?.env?.TF_VAR_image_version).toBe(
        "${{ needs.synthesize.outputs.commit }}",
      );
  });

  test("an environment waits where a canary of the one before waits, and promoting goes on with the same commit", () => {
    const deploy = jobsOf(folder, "deploy.yml");
    expect(stages.map((stage) => deploy[stage]?.needs)).toEqual(
      stages.map((_, index) => (index === 0 ? "synthesize" : ["synthesize", stages[index - 1]])),
    );
    for (const [index, stage] of stages.entries()) {
      const before = stages[index - 1];
      const goesOn = before
        ? `(needs.${before}.result == 'success' && needs.${before}.outputs.waiting == 'false')`
        : "";
      expect(deploy[stage]?.if).toContain(before ? `(inputs.from == '${stage}' || ${goesOn})` : `== '${stage}'`);
    }
    const { promote, next } = jobsOf(folder, "promote.yml");
    expect(promote?.steps.at(-1)?.with?.["if-current"]).toBe("${{ inputs.commit != '' }}");
    expect(next?.if).toContain("needs.promote.outputs.waiting == 'false'");
    const [step] = next?.steps ?? [];
    for (const [index, stage] of stages.slice(0, -1).entries())
      expect(step?.run).toContain(`${stage}) next=${stages[index + 1]} ;;`);
    // Whoever may start a workflow may not bring a commit that nobody reviewed.
    const checked = [jobsOf(folder, "deploy.yml").synthesize, promote].map((job) => job?.steps[1]?.run);
    for (const script of checked) expect(script).toContain('git merge-base --is-ancestor "$COMMIT" HEAD');
    for (const job of [deploy.synthesize, promote]) expect(job?.if).toBe("github.ref == 'refs/heads/main'");
  });
});

test("no script is made of what somebody else wrote", () => {
  const scripts = [...jobs.flatMap(([, job]) => job.steps), ...action.runs.steps].flatMap(({ run }) => run ?? []);
  expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
});

test("what the workflows give the action are inputs that it has", () => {
  const given = jobs.flatMap(([, job]) =>
    job.steps.filter(({ uses }) => uses === "./" || uses === ACTION).map((step) => step.with ?? {}),
  );
  expect(given.flatMap((inputs) => Object.keys(inputs)).filter((name) => !(name in action.inputs))).toEqual([]);
  for (const inputs of given)
    for (const [name, { required }] of Object.entries(action.inputs)) expect(!required || name in inputs).toBe(true);
});

describe("the documentation", () => {
  const docs = readFileSync(join(ROOT, "docs/github-actions.md"), "utf8");
  const pools = readFileSync(join(ROOT, "docs/pools.md"), "utf8");
  const shown = new Map(
    [...`${docs}${pools}`.matchAll(/^<!-- (examples\/\S+) -->\n\n```\w+\n([^]*?)^```$/gm)].map(
      ([, name = "", text]) => [name, text],
    ),
  );

  test("shows the examples as they are", () => {
    const examples = ["examples/policies", EXAMPLES].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`),
    );
    expect([...shown.keys()].sort()).toEqual(examples.sort());
    for (const [name, text] of shown) expect([name, text]).toEqual([name, readFileSync(join(ROOT, name), "utf8")]);
  });

  test("names every input of the action", () => {
    for (const name of Object.keys(action.inputs)) expect(docs).toContain(`| \`${name}\``);
  });
});

describe("the check of a commit", () => {
  const { synthesize } = jobsOf(EXAMPLES, "deploy.yml");
  const script = synthesize?.steps[1]?.run ?? "";
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-commits-"));
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", ...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  const check = (commit: string) =>
    spawnSync("bash", ["-e", "-c", script], { cwd: folder, env: { ...process.env, COMMIT: commit } }).status;
  afterAll(() => rmSync(folder, { recursive: true }));

  test("takes those of the default branch alone", () => {
    git("init", "--quiet");
    for (const message of ["one", "two"]) git("commit", "--quiet", "--allow-empty", "--message", message);
    const [two = "", one = ""] = git("log", "--format=%H").split("\n");
    git("checkout", "--quiet", "-b", "feature", one);
    git("commit", "--quiet", "--allow-empty", "--message", "not reviewed");
    const feature = git("rev-parse", "HEAD");
    for (const [commit, status] of [
      [one, 0],
      [two, 0],
      [feature, 1],
      ["feature", 1],
      ["main", 1],
      [one.slice(0, 12), 1],
      ["0".repeat(40), 1],
      ["--help", 1],
      [`${one}\n`, 1],
      ["$(touch planted)", 1],
    ] as const) {
      git("checkout", "--quiet", "--force", "main");
      const head = status === 0 ? commit : two;
      expect([commit, check(commit), git("rev-parse", "HEAD")]).toEqual([commit, status, head]);
    }
  });
});

describe.each([
  { name: "actionlint", args: ["-color=false"], how: "go install github.com/rhysd/actionlint/cmd/actionlint" },
  { name: "zizmor", args: ["--offline", "--no-progress"], how: "pip install zizmor" },
])("$name", ({ name, args, how }) => {
  const program = process.env[`CDK_NOMAD_${name.toUpperCase()}`] ?? name;
  const there = (() => {
    try {
      execFileSync(program, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();
  if (!there) console.log(`skipped: ${name} is not on PATH; ${how}`);
  const testWhere = there ? test : test.skip;
  const files = [...texts.keys(), ...(name === "zizmor" ? ["action.yml"] : [])];
  testWhere("finds nothing to say of the workflows and the examples", () => {
    const run = () => execFileSync(program, [...args, ...files], { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
    expect(run).not.toThrow();
  });
});
