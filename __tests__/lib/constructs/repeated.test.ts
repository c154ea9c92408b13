import { TerraformStack, TerraformVariable, Testing } from "cdktf";
import {
  Driver,
  formatProblem,
  Intentions,
  Job,
  KeyValues,
  NomadJob,
  nomadProvider,
  problemsOf,
  RegionalJob,
  ServiceDefaults,
} from "../../../lib";

function job(id: string, changes: Parameters<Job["with"]>[0] = {}): Job {
  const tasks = [{ name: "web", driver: Driver.docker({ image: "web:1" }) }];
  return new Job({ id, groups: [{ name: "web", tasks }] }).with(changes);
}

/** What is wrong with a program of one stack. */
function problems(build: (stack: TerraformStack) => void): readonly string[] {
  const app = Testing.app();
  build(new TerraformStack(app, "dev"));
  return problemsOf(app).map(formatProblem);
}

describe("what a cluster has one of", () => {
  test("is no job twice", () => {
    const found = problems((stack) => {
      new NomadJob(stack, "one", { job: job("web") });
      new NomadJob(stack, "two", { job: job("web") });
    });
    expect(found).toEqual([
      'dev/web.id: "web" is the id of dev/one too, so each deployment would write the one over the other; write another id, or another namespace',
    ]);
  });

  test("is no job twice after an aspect, or an amendment, gave it the id of another one", () => {
    const found = problems((stack) => {
      new NomadJob(stack, "one", { job: job("web") });
      new NomadJob(stack, "two", { job: job("api") }).amend((each) => each.with({ id: "web" }));
    });
    expect(found).toHaveLength(1);
  });

  test("may have one id in two namespaces, regions, providers and stacks, and an id that is known only when it is deployed", () => {
    const app = Testing.app();
    for (const environment of ["dev", "prod"]) {
      const stack = new TerraformStack(app, environment);
      const name = new TerraformVariable(stack, "name", { type: "string", default: "web" });
      new NomadJob(stack, "one", { job: job("web") });
      new NomadJob(stack, "two", { job: job("web", { namespace: "shop" }) });
      new NomadJob(stack, "three", { job: job("web"), provider: nomadProvider(stack, "eu") });
      new NomadJob(stack, "four", { job: job(name.stringValue) });
      new NomadJob(stack, "five", { job: job(name.stringValue) });
      new RegionalJob(stack, "six", { job: job("api"), regions: { regions: [{ name: "eu" }, { name: "us" }] } });
    }
    expect(problemsOf(app)).toEqual([]);
  });

  test("is no entry of Consul's configuration twice", () => {
    const found = problems((stack) => {
      new Intentions(stack, "one", { to: "api", allow: ["web"] });
      new Intentions(stack, "two", { to: "api", allow: ["shop"] });
      new ServiceDefaults(stack, "three", { service: "api", protocol: "http" });
    });
    expect(found).toEqual([
      'dev/two/entry: Consul has one service-intentions of "api", and dev/one/entry writes it too; write both in one construct',
    ]);
  });

  test("is no prefix of keys below another one, whose keys it would lose", () => {
    const found = problems((stack) => {
      new KeyValues(stack, "inner", { prefix: "app/dev", values: { a: "1" } });
      new KeyValues(stack, "outer", { prefix: "app", values: { b: "1" } });
      new KeyValues(stack, "beside", { prefix: "application", values: { c: "1" } });
    });
    expect(found).toEqual([
      'dev/inner.prefix: "app/dev/" is below "app/" of dev/outer, which removes every key there that is not its own; write both in one construct, or another prefix',
    ]);
  });
});
