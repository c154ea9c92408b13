import { inspect } from "node:util";
import { Testing, TerraformStack } from "cdktf";
import {
  Driver,
  Job,
  KeyValues,
  NomadJob,
  nomadProvider,
  problemsOf,
  Secret,
  synthesize,
  Task,
  TaskGroup,
  UserError,
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
    const job = jobWith({});
    job.group("g")?.tasks?.[0]?.addSecretEnv({ API_KEY: secret, OTHER: Secret.fromVault("secret/data/app", "other") });
    const task = job.group("g")?.tasks?.[0];
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
    expect(problem).toMatchObject({ path, severity: "error" });
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

  test.each<[string, Job, string]>([
    ["by its name", jobWith({ env: { DB_PASSWORD: "hunter22" } }), "groups[g].tasks[t].env.DB_PASSWORD"],
    ["by its form", jobWith({ env: { SOMETHING: KEY } }), "groups[g].tasks[t].env.SOMETHING"],
    [
      "in an argument",
      jobWith({ driver: Driver.exec({ command: "/x", args: ["--key", KEY] }) }),
      "groups[g].tasks[t].driver.args[1]",
    ],
    [
      "for a registry",
      jobWith({ driver: Driver.docker({ image: "a", auth: { username: "u", password: "p" } }) }),
      "groups[g].tasks[t].driver.auth.password",
    ],
  ])("is found %s; synthesis stops, and nobody repeats it", (_name, job, path) => {
    const stack = new TerraformStack(Testing.app(), "test");
    nomadProvider(stack);
    const construct = new NomadJob(stack, "app", { job });
    const found = construct.problems().filter(({ rule }) => rule === "secret/literal");
    expect(found.map((problem) => [problem.path, problem.severity])).toEqual([[path, "error"]]);
    expect(JSON.stringify(found)).not.toMatch(/hunter22|sk-proj/);
    expect(new NomadJob(stack, "allowed", { job, allow: ["secret/literal"] }).problems()[0]?.severity).toBe("warning");
  });

  test.each([["${NOMAD_SECRETS_DIR}/key"], [""], ["true"]])("is not %j", (value) => {
    expect(jobWith({ env: { API_TOKEN: value } }).validate()).toEqual([]);
  });

  test("is refused where a secret is asked for, and is not repeated", () => {
    const task = new Task({ name: "t", driver: Driver.exec({ command: "/x" }) });
    expect(() => task.addSecretEnv({ KEY: KEY as unknown as Secret })).toThrow(
      /^tasks\[t\]\.env\.KEY: is a secret in plain/,
    );
    expect(problemsOf(Testing.app())).toEqual([]);
  });
});
