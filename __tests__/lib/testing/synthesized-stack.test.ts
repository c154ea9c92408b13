import { App, TerraformStack } from "cdktf";
import { Driver, Job, NomadJob, TaskGroup, UserError } from "../../../lib";
import { SynthesizedStack } from "../../../lib/testing";

function stackWith(...jobs: readonly Job[]): TerraformStack {
  const stack = new TerraformStack(new App(), "dev");
  for (const job of jobs) new NomadJob(stack, job.id, { job });
  return stack;
}

const job = (id: string, count = 1) =>
  new Job({
    id,
    groups: [
      new TaskGroup({ name: "web", count, tasks: [{ name: "web", driver: Driver.rawExec({ command: "/bin/true" }) }] }),
    ],
  });

test("a stack is what it synthesizes", () => {
  SynthesizedStack.fromStack(stackWith(job("web", 2))).hasJob({ ID: "web", TaskGroups: [{ Count: 2 }] });
});

test("a stack that synthesis would stop at is refused, with every error of it", () => {
  const wrong = stackWith(job("a", -1), job("b", -2));
  const problems = ["a", "b"].map(() => expect.objectContaining({ rule: "field/range" }) as unknown);
  expect(() => SynthesizedStack.fromStack(wrong)).toThrow(expect.objectContaining({ problems }));
});

test("an assertion that fails says so by its text alone: it compares no two values that a runner could show", () => {
  const stack = SynthesizedStack.fromStack(stackWith(job("web")));
  for (const assertion of [() => stack.hasJob({ ID: "api" }), () => stack.group("web", "api")])
    expect(assertion).toThrow(expect.objectContaining({ code: "ERR_ASSERTION", operator: "fail", actual: undefined }));
});

test("errors of another stack of the program are another stack's", () => {
  const app = new App();
  const [good, bad] = ["good", "bad"].map((id) => new TerraformStack(app, id)) as [TerraformStack, TerraformStack];
  new NomadJob(good, "web", { job: job("web") });
  new NomadJob(bad, "web", { job: job("web", -1) });
  expect(SynthesizedStack.fromStack(good).jobs()).toHaveLength(1);
  expect(() => SynthesizedStack.fromStack(bad)).toThrow(UserError);
});

test("an assertion about a stack that has nothing of the kind says what it has", () => {
  const empty = SynthesizedStack.fromStack(stackWith());
  expect(() => empty.hasJob({ ID: "web" })).toThrow("the stack has no job");
  expect(() => empty.hasResource("nomad_variable", {})).toThrow(
    "the stack has no nomad_variable; it has\n  no resources",
  );
  const full = SynthesizedStack.fromStack(stackWith(job("web")));
  expect(() => full.hasResource("nomad_variable", {})).toThrow("the stack has no nomad_variable; it has\n  nomad_job");
  expect(() => full.resourceCountIs("nomad_variable", 1)).toThrow(
    "there are 0 nomad_variable, not 1\n  there are nomad_job",
  );
});

test("what is no stack is refused with what to write", () => {
  expect(() => SynthesizedStack.fromStack(new App() as unknown as TerraformStack)).toThrow(
    /^SynthesizedStack\.fromStack: expected a stack, found an App; write one of the program's/,
  );
  expect(() => SynthesizedStack.fromStack(undefined as never)).toThrow(UserError);
});
