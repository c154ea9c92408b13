import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotations, App, Aspects, TerraformStack, type IAspect } from "cdktf";
import type { IConstruct } from "constructs";
import {
  Driver,
  Duration,
  Job,
  NomadJob,
  nomadProvider,
  problemsOf,
  RegionalJob,
  synthesize,
  UserError,
  pathText,
} from "../../../lib";
import { SynthesizedStack } from "../../../lib/testing";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const web = (env: Record<string, string> = {}) =>
  new Job({
    id: "web",
    groups: [{ name: "g", tasks: [{ name: "t", env, driver: Driver.docker({ image: "web:1" }) }] }],
  });

/** An aspect that amends every job, and counts where it was. */
class Amending implements IAspect {
  readonly visited: string[] = [];

  constructor(private readonly change: (job: Job, node: NomadJob) => Job) {}

  visit(node: IConstruct): void {
    this.visited.push(node.node.path);
    if (NomadJob.isNomadJob(node)) node.amend((job) => this.change(job, node));
  }
}

const program = (names: readonly string[] = ["a"]) => {
  const app = new App({ outdir: mkdtempSync(join(folder, "out-")) });
  const stacks = names.map((name) => new TerraformStack(app, name));
  for (const stack of stacks) nomadProvider(stack);
  return { app, stacks, stack: stacks[0] as TerraformStack };
};
const withEnv = (env: Record<string, string>) => (job: Job) => job.withEachTask((task) => task.withEnv(env));
const wrote = (app: App) =>
  existsSync(join(app.outdir, "stacks")) && readdirSync(join(app.outdir, "stacks")).length > 0;

function errorsOf(app: App): readonly string[] {
  try {
    synthesize(app);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ rule, path }) => `${rule} ${pathText(path)}`);
  }
}

describe("amend", () => {
  test("puts another job in the place of the one that is there, and leaves that alone", () => {
    const { stack } = program();
    const job = web();
    const both = [new NomadJob(stack, "one", { job }), new NomadJob(stack, "two", { job: job.with({ id: "two" }) })];
    const [one] = both as [NomadJob];
    const text = one.jobspecText();
    one.amend(withEnv({ A: "1" })).amend((each) => each.with({ priority: 70 }));
    expect(one.jobspecText()).not.toBe(text);
    expect(job.group("g")?.task("t")?.env).toEqual({});
    expect(SynthesizedStack.fromStack(stack).jobs()).toEqual([
      expect.objectContaining({ ID: "web", Priority: 70 }),
      expect.not.objectContaining({ Priority: 70 }),
    ]);
  });

  test("wants the job back", () => {
    const { stack } = program();
    const construct = new NomadJob(stack, "web", { job: web() });
    expect(() => construct.amend((job) => void job.withMeta({ a: "1" }) as never)).toThrow(/amend\(\) got no job back/);
  });

  test("decides what Terraform is told, and what is wrong", () => {
    const { app, stack } = program();
    const construct = new NomadJob(stack, "web", { job: web() });
    expect(construct.problems()).toEqual([]);
    construct.amend((job) => job.with({ priority: 1000, meta: { pool: "web" } }));
    expect(construct.problems()).toEqual([expect.objectContaining({ path: ["priority"] })]);
    construct.amend((job) => job.with({ priority: 50 }));
    construct.detach = true;
    SynthesizedStack.fromStack(stack).hasResource("nomad_job", { deregister_on_id_change: false, detach: true });
    expect(problemsOf(app)).toEqual([]);
  });

  test("amends each region for itself", () => {
    const { stack } = program();
    const regions = [{ name: "west" }, { name: "east" }];
    new RegionalJob(stack, "web", { job: web(), regions: { regions } });
    const aspect = new Amending((job) => withEnv({ REGION: job.region ?? "" })(job));
    Aspects.of(stack).add(aspect);
    const jobs = SynthesizedStack.fromStack(stack).jobs() as unknown as {
      Region: string;
      TaskGroups: { Tasks: { Env: Record<string, string> }[] }[];
    }[];
    expect(jobs.map(({ Region, TaskGroups }) => [Region, TaskGroups[0]?.Tasks[0]?.Env])).toEqual([
      ["east", { REGION: "east" }],
      ["west", { REGION: "west" }],
    ]);
  });
});

describe("aspects", () => {
  test("run once on every construct, whoever asks, and what they make is there before it is judged", () => {
    const { app, stacks } = program(["a", "b"]);
    for (const stack of stacks) new NomadJob(stack, "web", { job: web() });
    const counting = new Amending((job) => job.withMeta({ times: String(Number(job.meta?.times ?? 0) + 1) }));
    // The same aspect twice, and on a stack and on what is in it, is one aspect.
    for (const stack of stacks)
      for (const scope of [stack, stack, stack.node.findChild("web")]) Aspects.of(scope).add(counting);
    problemsOf(app);
    problemsOf(app);
    expect(synthesize(app)).toEqual([]);
    SynthesizedStack.fromStack(stacks[0] as TerraformStack).hasJob({ Meta: { times: "1" } });
    expect(new Set(counting.visited).size).toBe(counting.visited.length);
  });

  test("of the whole program run too, and those that an aspect adds", () => {
    const { app, stack } = program();
    const job = new NomadJob(stack, "web", { job: web() });
    const inner = new Amending((each) => each.with({ priority: 70 }));
    Aspects.of(app).add({ visit: (node) => (node === stack ? Aspects.of(node).add(inner) : undefined) });
    synthesize(app);
    expect(job.job.priority).toBe(70);
  });

  test("that add what a server refuses have it listed with all other problems, and nothing is written", () => {
    const { app, stacks } = program(["a", "b"]);
    for (const stack of stacks) new NomadJob(stack, "web", { job: web() });
    new NomadJob(stacks[0] as TerraformStack, "bad", { job: web().with({ id: "bad", priority: -1 }) });
    Aspects.of(stacks[1] as TerraformStack).add(
      new Amending((job) => job.withGroup("g", (group) => group.with({ shutdownDelay: Duration.seconds(-1) }))),
    );
    expect(errorsOf(app)).toEqual([
      expect.stringMatching(/^\S+ a\/bad.priority$/),
      "field/range b/web.groups[g].shutdownDelay",
    ]);
    expect(wrote(app)).toBe(false);
  });

  test("that refuse, note errors or add validations are listed too, and none is hidden by another", () => {
    const { app, stack } = program();
    new NomadJob(stack, "web", { job: web({ A: "1" }) });
    Aspects.of(stack).add(new Amending(withEnv({ A: "2" })));
    Aspects.of(stack).add({
      visit(node) {
        if (!NomadJob.isNomadJob(node)) return;
        Annotations.of(node).addError("has no owner");
        node.node.addValidation({ validate: () => ["is not approved"] });
      },
    });
    expect(errorsOf(app)).toEqual([
      "annotation a/web",
      "validation a/web",
      "field/duplicate a/web.groups[g].tasks[t].env.A",
    ]);
    // What is wrong once is said once, however often somebody asks.
    expect(errorsOf(app)).toHaveLength(3);
    expect(wrote(app)).toBe(false);
  });

  test("that forget to give a job back are told of once, with the job", () => {
    const { app, stack } = program();
    new NomadJob(stack, "web", { job: web() });
    Aspects.of(stack).add(new Amending((job) => void job.withMeta({ a: "b" }) as never));
    expect(errorsOf(app)).toEqual(["model/changed a/web"]);
  });

  test("may add jobs, which are judged", () => {
    const { app, stack } = program();
    const add = (id: string) => new NomadJob(stack, id, { job: web().with({ id, priority: -1 }) });
    Aspects.of(stack).add({ visit: (node) => void (node === stack && add("late")) });
    expect(errorsOf(app)).toEqual([expect.stringMatching(/ a\/late\.priority$/)]);
  });

  test("whose own mistake it is keep their stack", () => {
    const { app, stack } = program();
    Aspects.of(stack).add({
      visit() {
        throw new TypeError("broken");
      },
    });
    expect(() => synthesize(app)).toThrow(new TypeError("broken"));
  });

  test("that add aspects without end are stopped", () => {
    const { app, stack } = program();
    const endless = (): IAspect => ({ visit: (node) => void (node === stack && Aspects.of(stack).add(endless())) });
    Aspects.of(stack).add(endless());
    expect(errorsOf(app)).toEqual([expect.stringMatching(/^aspects\/end /)]);
  });
});
