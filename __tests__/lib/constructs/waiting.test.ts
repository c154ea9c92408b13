import { Aspects, Lazy, TerraformStack, Testing } from "cdktf";
import {
  Driver,
  Duration,
  Job,
  NomadJob,
  nomadProvider,
  outputJobs,
  problemsOf,
  RegionalJob,
  Scaling,
  synthesize,
  Task,
  TaskGroup,
  Update,
  useNomadProvider,
  UserError,
} from "../../../lib";
import { longestDeployment } from "../../../lib/constructs/waiting";

function web(update?: Update, count?: number, more: { type?: "batch"; scaling?: Scaling } = {}): Job {
  const tasks = [new Task({ name: "web", driver: Driver.docker({ image: "web:1" }) })];
  return new Job({
    id: "web",
    type: more.type,
    groups: [new TaskGroup({ name: "web", count, update, scaling: more.scaling, tasks })],
  });
}

interface Synthesized {
  readonly resource: { readonly nomad_job: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly data?: { readonly nomad_job: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly output?: { readonly jobs: { readonly value: unknown } };
  readonly terraform: { readonly required_providers: Readonly<Record<string, { readonly version: string }>> };
}

function synthesized(build: (stack: TerraformStack) => void): Synthesized {
  const stack = new TerraformStack(Testing.app(), "test");
  build(stack);
  nomadProvider(stack);
  return JSON.parse(Testing.synth(stack)) as Synthesized;
}

const jobOf = (stack: Synthesized) => Object.values(stack.resource.nomad_job)[0] ?? {};

const LEAST_FIVE = new Scaling({ min: 5, max: 9 });

describe("how long a deployment may take", () => {
  const minutes = (progressDeadline: number, healthyDeadline: number, maxParallel?: number) =>
    new Update({
      progressDeadline: Duration.minutes(progressDeadline),
      healthyDeadline: Duration.minutes(healthyDeadline),
      maxParallel,
    });

  test.each<[string, Job, string | undefined]>([
    ["Nomad's own deadlines", web(), "11m"],
    ["its own progress deadline", web(minutes(4, 3)), "5m"],
    ["the healthy deadline for every further batch", web(minutes(4, 3), 5, {}), "17m"],
    ["fewer batches", web(minutes(4, 3, 2), 5), "11m"],
    ["no progress deadline", web(minutes(0, 3)), "4m"],
    [
      "as many allocations as the scaling policy's least",
      web(minutes(4, 3), undefined, { scaling: LEAST_FIVE }),
      "17m",
    ],
    ["no deployments", web(undefined, 1, { type: "batch" }), undefined],
  ])("%s", (_what, job, longest) => {
    expect(longestDeployment(job)?.toString()).toBe(longest);
    const timeouts = longest && { create: longest, update: longest };
    expect(jobOf(synthesized((stack) => new NomadJob(stack, "web", { job }))).timeouts).toEqual(timeouts);
  });

  test("is not said where it depends on what only Terraform knows", () => {
    const unknown = Lazy.numberValue({ produce: () => 3 });
    const late = Lazy.anyValue({ produce: () => 3 });
    for (const job of [
      web(new Update({ healthyDeadline: Duration.minutes(unknown) })),
      web(new Update({ progressDeadline: Duration.minutes(late) })),
      web(new Update({ maxParallel: late }), 5),
      web(undefined, unknown),
    ]) {
      expect(longestDeployment(job)).toBeUndefined();
      const written = jobOf(synthesized((stack) => new NomadJob(stack, "web", { job })));
      expect(written).toMatchObject({ detach: false });
      expect(written).not.toHaveProperty("timeouts");
    }
    for (const update of [{ canary: late }, { canary: 1, autoPromote: late }])
      expect(jobOf(synthesized((stack) => new NomadJob(stack, "web", { job: web(new Update(update)) })))).toMatchObject(
        {
          detach: true,
        },
      );
  });

  test("is not said where nobody waits, and is what somebody says", () => {
    const canary = web(Update.canary({ canary: 1 }), 2);
    expect(jobOf(synthesized((stack) => new NomadJob(stack, "web", { job: canary })))).not.toHaveProperty("timeouts");
    const said = { job: web(), detach: false, timeouts: { create: "20m" } };
    expect(jobOf(synthesized((stack) => new NomadJob(stack, "web", said)))).toMatchObject({
      detach: false,
      timeouts: { create: "20m" },
    });
  });

  test("follows a model that is amended after the construct was made", () => {
    const canary = new TaskGroup({
      name: "canary",
      count: 2,
      update: Update.canary({ canary: 1 }),
      tasks: [new Task({ name: "web", driver: Driver.docker({ image: "web:1" }) })],
    });
    const amended = synthesized((stack) => {
      new NomadJob(stack, "web", { job: web() }).amend((job) => job.withGroup(canary));
    });
    expect(jobOf(amended)).toMatchObject({ detach: true });
    expect(jobOf(amended)).not.toHaveProperty("timeouts");
  });
});

describe("counts of scaled groups", () => {
  const scaled = () => web(undefined, 1, { scaling: new Scaling({ enabled: true, min: 1, max: 5 }) });

  test("stay as they are, by a provider that can, unless somebody says otherwise", () => {
    const withCounts = (preserveCounts?: boolean) =>
      synthesized((stack) => new NomadJob(stack, "web", { job: scaled(), preserveCounts }));
    expect(jobOf(withCounts())).toMatchObject({ preserve_counts: true });
    expect(jobOf(withCounts(false))).toMatchObject({ preserve_counts: false });
    expect(withCounts().terraform.required_providers.nomad?.version).toBe("2.6.1");
    const unscaled = synthesized((stack) => new NomadJob(stack, "web", { job: web() }));
    expect(unscaled.terraform.required_providers.nomad?.version).toBe("2.5.2");
  });

  test("are not spoken of to an older provider that somebody insists on", () => {
    const older = (preserveCounts?: boolean) =>
      synthesized((stack) => {
        useNomadProvider(stack, "2.5.2");
        new NomadJob(stack, "web", { job: scaled(), preserveCounts });
      });
    expect(jobOf(older())).not.toHaveProperty("preserve_counts");
    expect(older().terraform.required_providers.nomad?.version).toBe("2.5.2");
    const asked = () => {
      const app = Testing.app();
      const stack = new TerraformStack(app, "test");
      useNomadProvider(stack, "2.5.2");
      new NomadJob(stack, "web", { job: scaled(), preserveCounts: true });
      synthesize(app);
    };
    expect(asked).toThrow(/needs release 2.6 of the provider; write useNomadProvider\(app, "2.6.1"\)/);
  });

  test("a version that is none is refused", () => {
    expect(() => useNomadProvider(Testing.app(), "latest")).toThrow(UserError);
  });
});

describe("what Terraform says of the jobs that it applied", () => {
  test("their ids, versions, modify indexes and deployments, in regions too", () => {
    const stack = synthesized((scope) => {
      new NomadJob(scope, "web", { job: web() });
      new RegionalJob(scope, "all", { job: web(), regions: { regions: [{ name: "west" }, { name: "east" }] } });
      outputJobs(scope);
    });
    expect(stack.output?.jobs.value).toMatchObject({
      web: {
        id: "${nomad_job.web.id}",
        version: expect.stringMatching(/^\$\{data\.nomad_job\.web_held_\w+\.version\}$/),
        deployment_status: "${nomad_job.web.deployment_status}",
      },
      "west/web": { id: expect.stringMatching(/^\$\{nomad_job\.all_west_\w+\.id\}$/) },
      "east/web": {},
    });
    expect(Object.values(stack.data?.nomad_job ?? {})).toHaveLength(3);
    expect(stack.data?.nomad_job).toMatchObject({
      [Object.keys(stack.data?.nomad_job ?? {}).find((id) => id.startsWith("web")) ?? ""]: {
        depends_on: ["nomad_job.web"],
        job_id: "${nomad_job.web.id}",
      },
    });
  });

  test("also of jobs that are added after it was asked for, such as by an aspect", () => {
    const app = Testing.app();
    const scope = new TerraformStack(app, "dev");
    outputJobs(scope);
    new NomadJob(scope, "web", { job: web() });
    Aspects.of(scope).add({
      visit(node) {
        if (node === scope) new NomadJob(scope, "late", { job: web().with({ id: "late" }) });
      },
    });
    expect(problemsOf(app)).toEqual([]);
    const stack = JSON.parse(Testing.synth(scope)) as {
      output: { jobs: { value: object } };
      data: { nomad_job: object };
    };
    expect(Object.keys(stack.output.jobs.value).sort()).toEqual(["late", "web"]);
    expect(Object.keys(stack.data.nomad_job)).toHaveLength(2);
  });

  test("with a newer provider without asking again", () => {
    const stack = synthesized((scope) => {
      useNomadProvider(scope, "2.6.1");
      new NomadJob(scope, "web", { job: web() });
      outputJobs(scope);
    });
    expect(stack.output?.jobs.value).toMatchObject({ web: { version: "${nomad_job.web.version}" } });
    expect(stack.data).toBeUndefined();
  });
});
