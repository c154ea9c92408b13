import { TerraformStack, Testing } from "cdktf";
import {
  Driver,
  Intentions,
  Job,
  KeyValues,
  NomadJob,
  nomadProvider,
  NomadNamespace,
  problemsOf,
  StackRecord,
  synthesize,
  Task,
  TaskGroup,
} from "../../../lib";

/** A program may load this package twice, such as once below a library of its own. What one copy made is a construct of the other one's too. */
type Made = object & { constructor: unknown };

/** The construct as another copy of this package makes it: of a class with the same members, which is another one. */
function ofAnotherCopy<T extends Made>(construct: T): T {
  const own = Object.getPrototypeOf(construct) as object;
  const other = Object.create(Object.getPrototypeOf(own) as object, Object.getOwnPropertyDescriptors(own)) as object;
  return Object.setPrototypeOf(construct, other) as T;
}

const web = (image: string, namespace?: string) =>
  new Job({
    id: "web",
    namespace,
    groups: [new TaskGroup({ name: "web", tasks: [new Task({ name: "web", driver: Driver.docker({ image }) })] })],
  });

function stackOf(build: (stack: TerraformStack) => void) {
  const app = Testing.app();
  const stack = new TerraformStack(app, "test");
  nomadProvider(stack);
  build(stack);
  return { app, stack };
}

describe("constructs of another copy of this package", () => {
  test("are none of this copy's classes", () => {
    stackOf((stack) => {
      const job = ofAnotherCopy(new NomadJob(stack, "web", { job: web("web:1") }));
      expect(job).not.toBeInstanceOf(NomadJob);
      expect(NomadJob.isNomadJob(job)).toBe(true);
      expect([undefined, null, "web", {}, stack].map((each) => NomadJob.isNomadJob(each))).toEqual(
        Array.from({ length: 5 }, () => false),
      );
    });
  });

  test("are judged, and stand in the record", () => {
    const { app, stack } = stackOf((stack) => ofAnotherCopy(new NomadJob(stack, "web", { job: web("web:1") })));
    synthesize(app);
    expect(StackRecord.of(stack)).toBeDefined();
    const wrong = stackOf((stack) => ofAnotherCopy(new NomadJob(stack, "web", { job: web("") })));
    expect(problemsOf(wrong.app)).toContainEqual(
      expect.objectContaining({ path: expect.arrayContaining(["test/web", "groups"]) as unknown, severity: "error" }),
    );
  });

  test("are amended with what their own copy makes of a job, and nothing else is taken for one", () => {
    const { stack } = stackOf((stack) => new NomadJob(stack, "web", { job: ofAnotherCopy(web("web:1")) }));
    const construct = stack.node.findChild("web") as NomadJob;
    const theirs = ofAnotherCopy(web("web:2"));
    expect(construct.amend(() => theirs).job).toBe(theirs);
    expect(() => construct.amend(() => ({ id: "web" }) as never)).toThrow(/amend\(\) got no job back/);
  });

  test("have one record together", () => {
    const { app, stack } = stackOf((stack) => new NomadJob(stack, "web", { job: web("web:1") }));
    const record = ofAnotherCopy(new StackRecord(stack, "theirs"));
    synthesize(app);
    expect(stack.node.findAll().filter((each) => StackRecord.isStackRecord(each))).toEqual([record]);
  });

  test("come before the jobs that need them", () => {
    const { app, stack } = stackOf((stack) => {
      ofAnotherCopy(new NomadNamespace(stack, "shop", { name: "shop" }));
      new NomadJob(stack, "web", { job: web("web:1", "shop") });
    });
    synthesize(app);
    const job = stack.node.findChild("web") as NomadJob;
    expect(job.dependsOn).toEqual([expect.stringMatching(/^nomad_namespace\./)]);
  });

  test("are known as intentions and as keys", () => {
    stackOf((stack) => {
      expect(Intentions.isIntentions(ofAnotherCopy(new Intentions(stack, "to-web", { to: "web" })))).toBe(true);
      expect(
        KeyValues.isKeyValues(ofAnotherCopy(new KeyValues(stack, "keys", { prefix: "a", values: { b: "c" } }))),
      ).toBe(true);
    });
  });
});
