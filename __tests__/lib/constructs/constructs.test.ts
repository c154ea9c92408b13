import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, Aspects, TerraformStack, Testing, type IAspect } from "cdktf";
import type { IConstruct } from "constructs";
import {
  type AllowedRule,
  Driver,
  Intentions,
  Job,
  KeyValues,
  NomadJob,
  nomadProvider,
  problemsOf,
  RegionalJob,
  Service,
  ServiceResolver,
  setTarget,
  synthesize,
  Task,
  TaskGroup,
  Update,
  UserError,
  WarmPoolJob,
  type MultiregionProps,
  pathText,
} from "../../../lib";
import { SynthesizedStack } from "../../../lib/testing";

const web = (props: { count?: number; update?: Update; image?: string; services?: readonly Service[] } = {}) =>
  new Job({
    id: "web",
    groups: [
      new TaskGroup({
        name: "web",
        count: props.count,
        services: props.services,
        update: props.update,
        tasks: [
          new Task({
            name: "web",
            driver: Driver.docker({ image: props.image ?? "web:1", args: ["${NOMAD_ALLOC_ID}"] }),
          }),
        ],
      }),
    ],
  });

function stackWith(build: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(Testing.app(), "test");
  nomadProvider(stack);
  build(stack);
  return stack;
}

describe("NomadJob", () => {
  test("becomes a nomad_job whose jobspec is the job", () => {
    const synthesized = SynthesizedStack.fromStack(stackWith((stack) => new NomadJob(stack, "web", { job: web() })));
    synthesized.jobCountIs(1);
    synthesized.hasJob(web());
    synthesized.hasResource("nomad_job", { json: true, detach: false, purge_on_destroy: true });
  });

  test("leaves the generation before alone where a pool's job changes, and no other job", () => {
    const idOf = (size: number) => {
      const job = new WarmPoolJob({ provider: "openai", size });
      const stack = stackWith((scope) => {
        new NomadJob(scope, job.pool, { job });
        new NomadJob(scope, "web", { job: web() });
      });
      const resources = Object.values(SynthesizedStack.fromStack(stack).resources("nomad_job"));
      expect(resources.map((resource) => resource.deregister_on_id_change)).toEqual([false, undefined]);
      return job.id;
    };
    expect(idOf(3)).not.toBe(idOf(4));
  });

  test("names a pool's job after what an aspect and a region made of it", () => {
    const job = new WarmPoolJob({ provider: "openai" });
    const stack = stackWith((scope) => {
      const regions = [{ name: "west", datacenters: ["w"] }, { name: "east" }];
      const { jobs } = new RegionalJob(scope, job.pool, { job, regions: { regions } });
      jobs[1]?.amend((each) => each.withMeta({ team: "a" }));
    });
    const ids = SynthesizedStack.fromStack(stack)
      .jobs()
      .map(({ ID }) => String(ID));
    expect(ids).toHaveLength(2);
    expect(new Set([job.id, ...ids]).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^warm-pool-openai-[0-9a-f]{8}$/);
  });

  test("is applied detached where somebody has to promote its canaries", () => {
    const manual = web({ count: 3, update: Update.canary({ canary: 1 }) });
    const automatic = web({ count: 3, update: Update.canary({ canary: 1, autoPromote: true }) });
    SynthesizedStack.fromStack(stackWith((stack) => new NomadJob(stack, "web", { job: manual }))).hasResource(
      "nomad_job",
      {
        detach: true,
      },
    );
    SynthesizedStack.fromStack(stackWith((stack) => new NomadJob(stack, "web", { job: automatic }))).hasResource(
      "nomad_job",
      {
        detach: false,
      },
    );
  });

  test("leaves errors their stack traces, also the one about an id that is taken", () => {
    const twice = () =>
      stackWith((stack) => {
        new NomadJob(stack, "web", { job: web() });
        new NomadJob(stack, "web", { job: web() });
      });
    let thrown: Error | undefined;
    try {
      twice();
    } catch (error) {
      thrown = error as Error;
    }
    expect(thrown?.message).toContain("already a Construct with name 'web'");
    expect(new Error("later").stack).toContain(__filename);
  });

  test("may be amended by an aspect before it is rendered", () => {
    class Tag implements IAspect {
      visit(node: IConstruct): void {
        if (NomadJob.isNomadJob(node)) node.amend((job) => job.withMeta({ owner: "platform" }));
      }
    }
    const stack = stackWith((scope) => {
      new NomadJob(scope, "web", { job: web() });
      Aspects.of(scope).add(new Tag());
    });
    SynthesizedStack.fromStack(stack).hasJob({ ID: "web", Meta: { owner: "platform" } });
  });
});

describe("a program", () => {
  const bad = () => web({ image: "" });

  test("reports the problems of every stack at once, and writes nothing", () => {
    const app = Testing.app();
    for (const name of ["a", "b"]) new NomadJob(new TerraformStack(app, name), "web", { job: bad() });
    expect(problemsOf(app).map((problem) => pathText(problem.path))).toEqual([
      "a/web.groups[web].tasks[web].driver.image",
      "b/web.groups[web].tasks[web].driver.image",
    ]);
    expect(() => synthesize(app)).toThrow(UserError);
  });

  test("stops at what a server would let pass although it cannot be meant, unless told otherwise", () => {
    const job = () => web({ services: [new Service({ name: "web", port: "http" })] });
    const app = Testing.app();
    new NomadJob(new TerraformStack(app, "a"), "web", { job: job() });
    new NomadJob(new TerraformStack(app, "b"), "web", { job: job(), allow: ["service/port-unknown"] });
    expect(problemsOf(app).map(({ path, severity }) => [pathText(path), severity])).toEqual([
      ["a/web.groups[web].services[web].port", "error"],
      ["b/web.groups[web].services[web].port", "warning"],
    ]);
  });

  test("says once which Nomad it is for", () => {
    const app = Testing.app();
    setTarget(app, { enterprise: true });
    const job = web().with({ multiregion: { regions: [{ name: "west" }] } as never });
    new NomadJob(new TerraformStack(app, "a"), "web", { job });
    expect(problemsOf(app)).toEqual([]);
  });
});

describe("RegionalJob", () => {
  test("has a mistake of its job once, and not once for each region", () => {
    const app = Testing.app();
    const regions = { regions: [{ name: "west" }, { name: "east", datacenters: [""] }] };
    new RegionalJob(new TerraformStack(app, "a"), "web", { job: web({ image: "" }), regions });
    expect(problemsOf(app).map(({ path, rule }) => `${pathText(path)} ${rule}`)).toEqual([
      "a/web.datacenters[0] job/datacenter",
      "a/web.groups[web].tasks[web].driver.image field/range",
    ]);
  });

  const regions = (maxParallel: number): MultiregionProps => ({
    strategy: { maxParallel },
    regions: ["west", "east", "north"].map((name, index) => ({
      name,
      count: index + 1,
      datacenters: [`${name}-1`],
      meta: { region: name },
    })),
  });
  const jobsOf = (stack: TerraformStack) =>
    (
      JSON.parse(Testing.synth(stack)) as {
        resource: { nomad_job: Record<string, { provider: string; depends_on?: string[] }> };
      }
    ).resource.nomad_job;

  test("becomes one job per region, each through its own provider, one after another", () => {
    const stack = stackWith((scope) => new RegionalJob(scope, "web", { job: web({ count: 0 }), regions: regions(1) }));
    const synthesized = SynthesizedStack.fromStack(stack);
    synthesized.jobCountIs(3);
    synthesized.hasJob({
      Region: "east",
      Datacenters: ["east-1"],
      Meta: { region: "east" },
      TaskGroups: [{ Count: 2 }],
    });
    const jobs = jobsOf(stack);
    const dependencies = Object.fromEntries(
      Object.values(jobs).map((job) => [
        job.provider,
        (job.depends_on ?? []).map((id) => jobs[id.replace("nomad_job.", "")]?.provider),
      ]),
    );
    expect(dependencies).toEqual({ "nomad.west": [], "nomad.east": ["nomad.west"], "nomad.north": ["nomad.east"] });
  });

  test("rolls out as many regions at a time as the strategy says", () => {
    const jobs = jobsOf(
      stackWith((scope) => new RegionalJob(scope, "web", { job: web({ count: 0 }), regions: regions(2) })),
    );
    expect(
      Object.values(jobs)
        .map((job) => job.depends_on?.length ?? 0)
        .sort(),
    ).toEqual([0, 0, 2]);
  });

  test("leaves a count that the group sets itself", () => {
    SynthesizedStack.fromStack(
      stackWith((scope) => new RegionalJob(scope, "web", { job: web({ count: 7 }), regions: regions(0) })),
    ).hasJob({ Region: "east", TaskGroups: [{ Count: 7 }] });
  });

  test("becomes the multiregion block for Nomad Enterprise", () => {
    const stack = stackWith(
      (scope) =>
        new RegionalJob(scope, "web", { job: web({ count: 0 }), regions: regions(1), rendering: "enterprise" }),
    );
    const synthesized = SynthesizedStack.fromStack(stack);
    synthesized.jobCountIs(1);
    synthesized.hasJob({
      Multiregion: { Strategy: { MaxParallel: 1 }, Regions: [{ Name: "west" }, { Name: "east" }, { Name: "north" }] },
    });
    expect(problemsOf(stack.node.root as App)).toEqual([]);
  });

  test("refuses canaries by hand in regions that follow one another", () => {
    const job = web({ count: 3, update: Update.canary({ canary: 1 }) });
    expect(() => stackWith((scope) => new RegionalJob(scope, "web", { job, regions: regions(1) }))).toThrow(
      /autoPromote/,
    );
  });
});

describe("what a job needs of Consul", () => {
  test("is rendered as configuration entries and keys", () => {
    const synthesized = SynthesizedStack.fromStack(
      stackWith((stack) => {
        new KeyValues(stack, "kv", { prefix: "app/dev", values: { b: "2", a: "1" } });
        new Intentions(stack, "who", { to: "db", allow: ["web"], deny: ["*"] });
        new ServiceResolver(stack, "resolver", { service: "web", subsets: { canary: "x" }, defaultSubset: "canary" });
      }),
    );
    synthesized.hasResource("consul_key_prefix", { path_prefix: "app/dev/", subkeys: { a: "1", b: "2" } });
    synthesized.hasConfigEntry("service-intentions", "db", {
      Sources: [
        { Name: "web", Action: "allow", Precedence: 9 },
        { Name: "*", Action: "deny", Precedence: 8 },
      ],
    });
    synthesized.hasConfigEntry("service-resolver", "web", {
      DefaultSubset: "canary",
      Subsets: { canary: { Filter: "x" } },
    });
  });
});

test.each(["", "/", "//"])("keys below the prefix %j are refused: they would be all keys of Consul", (prefix) => {
  const app = Testing.app({ fakeCdktfJsonPath: true });
  new KeyValues(new TerraformStack(app, "dev"), "kv", { prefix, values: { a: "1" } });
  expect(problemsOf(app)).toMatchObject([{ rule: "keys/prefix", path: ["dev/kv", "prefix"], severity: "error" }]);
});

describe("secrets among Consul's keys", () => {
  // Written in parts, so that nobody who looks for secrets finds one here.
  const token = ["ghp", "x".repeat(18) + "Y7k2".repeat(4) + "Qz"].join("_");
  const VALUES = { level: "debug", "db/password": "hunter-two-22", "app/api": token, json: `{"a":"${token}"}` };
  const keys = (allow?: readonly AllowedRule[]) => {
    const app = Testing.app({ fakeCdktfJsonPath: true, outdir: mkdtempSync(join(tmpdir(), "cdk-nomad-keys-")) });
    new KeyValues(new TerraformStack(app, "dev"), "kv", { prefix: "app", values: VALUES, allow });
    return app;
  };
  const judged = (allow?: readonly AllowedRule[]) =>
    problemsOf(keys(allow)).map(({ path, severity, rule }) => `${pathText(path)} ${severity} ${rule}`);

  test("are judged as those in jobs: by form refused, by name warned of, allowed by rule or by key", () => {
    expect(judged()).toEqual([
      "dev/kv.values[app/api] error secret/literal",
      "dev/kv.values[db/password] warning secret/literal",
      "dev/kv.values[json] error secret/literal",
    ]);
    expect(judged(["secret/literal"]).map((line) => line.split(" ")[1])).toEqual(["warning", "warning", "warning"]);
    expect(judged(["secret/literal:app/api", "secret/literal:json"])).toEqual([
      "dev/kv.values[db/password] warning secret/literal",
    ]);
  });

  test("stop synthesis, and are not repeated", () => {
    expect(() => synthesize(keys())).toThrow(/values\[app\/api\]: holds .* in plain/);
    expect(() => synthesize(keys())).not.toThrow(token);
    expect(() => keys().synth()).toThrow(/secret\/literal/);
    expect(synthesize(keys(["secret/literal"]))).toHaveLength(3);
  });
});

test("assertions say what came nearest", () => {
  const synthesized = SynthesizedStack.fromStack(stackWith((stack) => new NomadJob(stack, "web", { job: web() })));
  expect(() => synthesized.hasJob({ ID: "web", TaskGroups: [{ Name: "db" }] })).toThrow(
    /web: TaskGroups\[0\]\.Name is "web", not "db"/,
  );
  expect(() => synthesized.hasJob(web({ count: 9 }))).toThrow(/Count is absent, not 9/);
  expect(() => synthesized.jobCountIs(2)).toThrow("there are 1 nomad_job, not 2");
  expect(() => synthesized.hasConfigEntry("service-defaults", "x")).toThrow(/there is no service-defaults of x/);
});
