import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const ROOT = join(__dirname, "../..");
const FOLDER = join(ROOT, ".github/workflows");

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
  readonly needs?: string;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const texts = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));
const workflows = new Map([...texts].map(([name, text]) => [name, parse(text) as Workflow]));
const action = parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly runs: { readonly steps: readonly Step[] };
};
const jobs = [...workflows].flatMap(([name, { jobs: all }]) =>
  Object.entries(all).map(([id, job]) => [`${name} ${id}`, job] as const),
);

test.each([...texts])("%s pins every action of others by its commit, with the release beside it", (_name, text) => {
  const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, said = ""]) => said);
  expect(uses.length).toBeGreaterThan(0);
  for (const said of uses) expect(said).toMatch(/^\.\/$|^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("no token may more than it has to, and no run of a fork gets a secret", () => {
  for (const { on, permissions } of workflows.values()) {
    expect(on).not.toHaveProperty("pull_request_target");
    expect(Object.entries(permissions).filter(([, level]) => level === "write")).toEqual([]);
  }
  const writing = jobs.flatMap(([name, job]) =>
    Object.entries(job.permissions ?? {}).flatMap(([what, level]) => (level === "write" ? [`${name}: ${what}`] : [])),
  );
  expect(writing).toEqual(["drift.yml drift: issues", "preview.yml preview: pull-requests"]);
  const withSecrets = jobs.filter(([, job]) => JSON.stringify(job).includes("secrets."));
  expect(withSecrets.map(([name]) => name)).toEqual([
    "deploy.yml dev",
    "deploy.yml staging",
    "deploy.yml prod",
    "drift.yml drift",
    "preview.yml preview",
    "promote.yml promote",
  ]);
  const [, preview] = withSecrets.find(([name]) => name.startsWith("preview")) ?? [];
  expect(preview?.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
  // Secrets belong to an environment, and not to every run of the repository.
  expect(withSecrets.filter(([, job]) => job.environment === undefined)).toEqual([]);
});

test("two deployments of an environment never race, and promoting is one of them", () => {
  const groups = jobs
    .filter(([name]) => /^(deploy\.yml (?!synthesize)|promote)/.test(name))
    .map(([, { concurrency }]) => [concurrency?.group, concurrency?.["cancel-in-progress"]]);
  expect(groups).toEqual([
    ["deploy-dev", false],
    ["deploy-staging", false],
    ["deploy-prod", false],
    ["deploy-${{ inputs.environment }}", false],
  ]);
  const { dev, staging, prod } = workflows.get("deploy.yml")?.jobs ?? {};
  expect([dev?.needs, staging?.needs, prod?.needs]).toEqual(["synthesize", "dev", "staging"]);
  expect([dev, staging, prod].map((job) => job?.environment)).toEqual(["dev", "staging", "prod"]);
  for (const job of [dev, staging, prod])
    expect(job?.steps.at(-1)?.env?.TF_VAR_image_version).toBe("${{ github.sha }}");
});

test("no script is made of what somebody else wrote", () => {
  const scripts = [...jobs.flatMap(([, job]) => job.steps), ...action.runs.steps].flatMap(({ run }) => run ?? []);
  expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
});

test("what the workflows give the action are inputs that it has", () => {
  const given = jobs.flatMap(([, job]) => job.steps.filter(({ uses }) => uses === "./").map((step) => step.with ?? {}));
  expect(given.flatMap((inputs) => Object.keys(inputs)).filter((name) => !(name in action.inputs))).toEqual([]);
  for (const inputs of given)
    for (const [name, { required }] of Object.entries(action.inputs)) expect(!required || name in inputs).toBe(true);
});

describe.each([
  ["actionlint", ["-color=false"], "go install github.com/rhysd/actionlint/cmd/actionlint"],
  ["zizmor", ["--offline", "--no-progress", "."], "pip install zizmor"],
] as const)("%s", (name, args, how) => {
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
  testWhere("finds nothing to say", () => {
    expect(() => execFileSync(program, args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" })).not.toThrow();
  });
});
