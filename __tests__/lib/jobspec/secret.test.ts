import { inspect } from "node:util";
import { Testing, TerraformStack } from "cdktf";
import {
  type AllowedRule,
  Artifact,
  Check,
  Driver,
  Job,
  KeyValues,
  NomadJob,
  nomadProvider,
  problemsOf,
  Secret,
  Service,
  synthesize,
  Task,
  TaskGroup,
  Template,
  UserError,
  pathText,
} from "../../../lib";

const secret = Secret.fromNomadVariable("nomad/jobs/app", "api_key");

function jobWith(task: Partial<ConstructorParameters<typeof Task>[0]>): Job {
  const driver = Driver.exec({ command: "/bin/true" });
  return new Job({
    id: "app",
    groups: [new TaskGroup({ name: "g", tasks: [new Task({ name: "t", driver, ...task })] })],
  });
}

describe("a secret", () => {
  test("reaches a task through a template in its secrets directory", () => {
    const env = { API_KEY: secret, OTHER: Secret.fromVault("secret/data/app", "other") };
    const job = jobWith({}).withEachTask((each) => each.withSecretEnv(env));
    const task = job.group("g")?.task("t");
    expect(task?.templates?.[0]).toMatchObject({ destination: "secrets/env-0.env", env: true });
    expect(task?.templates?.[0]?.data).toBe(
      'API_KEY={{ with nomadVar "nomad/jobs/app" }}{{ (index . "api_key").Value | toJSON }}{{ end }}\n' +
        'OTHER={{ with secret "secret/data/app" }}{{ index .Data.data "other" | toJSON }}{{ end }}\n',
    );
    expect(task?.vault).toBeDefined();
    expect(job.validate()).toEqual([]);
  });

  test.each<[string, Job, string]>([
    ["in the environment", jobWith({ env: { KEY: secret as unknown as string } }), "groups[g].tasks[t].env"],
    ["inside a text", jobWith({ env: { KEY: `Bearer ${secret}` } }), "groups[g].tasks[t].env"],
    [
      "in an argument",
      jobWith({ driver: Driver.exec({ command: "/x", args: [`${secret}`] }) }),
      "groups[g].tasks[t].driver.args",
    ],
    [
      "in free configuration",
      jobWith({ driver: Driver.custom("x", { a: { b: secret } }) }),
      "groups[g].tasks[t].driver",
    ],
    ["in meta", jobWith({ meta: { key: String(secret) } }), "groups[g].tasks[t].meta"],
  ])("%s is an error that names the place, and is not rendered", (_name, job, path) => {
    const [problem] = job.validate();
    expect(pathText(problem?.path ?? [])).toBe(path);
    expect(problem?.severity).toBe("error");
    expect(problem?.message).toContain("holds a secret, which would be written in plain");
    expect(() => job.toApi()).toThrow(UserError);
  });

  test("shows where it is, and no more, where it is printed", () => {
    expect(inspect({ secret })).toContain("Secret(nomad nomad/jobs/app#api_key)");
  });

  test("does not reach what Terraform writes elsewhere", () => {
    const app = Testing.app();
    const stack = new TerraformStack(app, "test");
    nomadProvider(stack);
    new KeyValues(stack, "config", { prefix: "app", values: { key: `${secret}` } });
    expect(() => synthesize(app)).toThrow(/test\/config.*holds a secret/s);
  });
});

describe("a secret in plain", () => {
  const KEY = "sk-proj-abcdefghijklmnopqrstuvwx0123456789";

  const registry = { image: "a", auth: { username: "u", password: "hunter22" } };
  const found = (job: Job, allow: readonly AllowedRule[] = []) => {
    const stack = new TerraformStack(Testing.app(), "test");
    return new NomadJob(stack, "app", { job, allow }).problems().filter(({ rule }) => rule === "secret/literal");
  };

  test.each<[string, Job, string, "error" | "warning"]>([
    ["by its name", jobWith({ env: { DB_PASSWORD: "hunter22" } }), "env.DB_PASSWORD", "warning"],
    ["by its form", jobWith({ env: { SOMETHING: KEY } }), "env.SOMETHING", "error"],
    [
      "in an argument",
      jobWith({ driver: Driver.exec({ command: "/x", args: ["-k", KEY] }) }),
      "driver.args[1]",
      "error",
    ],
    [
      "behind an option",
      jobWith({ driver: Driver.exec({ command: "/x", args: ["--password", "hunter22"] }) }),
      "driver.args[1]",
      "warning",
    ],
    ["for a registry", jobWith({ driver: Driver.docker(registry) }), "driver.auth.password", "warning"],
    [
      "in free configuration",
      jobWith({ driver: Driver.custom("x", { a: { apiKey: KEY } }) }),
      "driver.a.apiKey",
      "error",
    ],
    ["in an address", jobWith({ env: { URL: "postgres://u:hunter22@db/x" } }), "env.URL", "warning"],
    [
      "in a line of a template",
      jobWith({ templates: [new Template({ destination: "local/x", data: "A=b\nDB_PASS=hunter22\n" })] }),
      "templates[local/x].data",
      "warning",
    ],
    [
      "in a header of an artifact",
      jobWith({ artifacts: [new Artifact({ source: "https://x/y", headers: { "X-Api-Key": "hunter22" } })] }),
      "artifacts[0].headers.X-Api-Key",
      "warning",
    ],
    [
      "in a header of a check",
      jobWith({
        services: [
          new Service({
            name: "s",
            provider: "nomad",
            port: "8080",
            checks: [Check.http({ path: "/", headers: { Authorization: ["Bearer hunter22"] } })],
          }),
        ],
      }),
      "services[s].checks[0].headers.Authorization[0]",
      "warning",
    ],
    [
      "in an override",
      jobWith({ overrides: { Env: { DB_PASSWORD: "hunter22" } } }),
      "overrides.Env.DB_PASSWORD",
      "warning",
    ],
  ])("is found %s, and nobody repeats it", (_name, job, path, severity) => {
    const problems = found(job);
    expect(problems.map((problem) => [pathText(problem.path), problem.severity])).toEqual([
      [`groups[g].tasks[t].${path}`, severity],
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/hunter22|sk-proj/);
    // A server would take it: that is what validate() speaks of.
    const judged = job.validate().filter(({ rule }) => rule === "secret/literal");
    expect(judged.map((problem) => problem.severity)).toEqual(["warning"]);
  });

  test("of a known form stops synthesis unless the rule or its name is allowed; a name alone never does", () => {
    const job = jobWith({ env: { SOMETHING: KEY, DB_PASSWORD: "hunter22" } });
    const places = (allow: readonly AllowedRule[]) =>
      found(job, allow).map(({ path, severity }) => `${String(path.at(-1))} ${severity}`);
    expect(places([])).toEqual(["DB_PASSWORD warning", "SOMETHING error"]);
    expect(places(["secret/literal"])).toEqual(["DB_PASSWORD warning", "SOMETHING warning"]);
    expect(places(["secret/literal:SOMETHING"])).toEqual(["DB_PASSWORD warning"]);
    expect(places(["secret/literal:DB_PASSWORD"])).toEqual(["SOMETHING error"]);
    expect(places(["secret/literal:THING", "secret/literal:"])).toEqual(["DB_PASSWORD warning", "SOMETHING error"]);
  });

  test.each([["${NOMAD_SECRETS_DIR}/key"], [""], ["true"]])("is not %j", (value) => {
    expect(jobWith({ env: { API_TOKEN: value } }).validate()).toEqual([]);
  });

  test("is refused where a secret is asked for, and is not repeated", () => {
    const task = new Task({ name: "t", driver: Driver.exec({ command: "/x" }) });
    expect(() => task.withSecretEnv({ KEY: KEY as unknown as Secret })).toThrow(/^env\.KEY: is a secret in plain/);
    expect(problemsOf(Testing.app())).toEqual([]);
  });
});
