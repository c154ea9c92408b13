import { App, Lazy, TerraformResource, TerraformStack, TerraformVariable, Testing, Tokenization } from "cdktf";
import { DefaultTokenResolver, StringConcat } from "cdktf";
import * as fc from "fast-check";
import { NomadJob, nomadProvider } from "../../../lib/constructs";
import { Driver, Job, Task, TaskGroup } from "../../../lib/jobspec";

type Written = Record<string, unknown>;

/** What cdktf makes of a job's attributes where it resolves all of them, as of any resource; its tests leave the metadata out. */
function resolvedByCdktf(job: NomadJob): Written {
  const resolver = new DefaultTokenResolver(new StringConcat());
  const plain: unknown = TerraformResource.prototype.toTerraform.call(job);
  const { resource } = Tokenization.resolve(plain, { scope: job, preparing: false, resolver }) as {
    resource: { nomad_job: Record<string, Written> };
  };
  const { "//": _metadata, ...attributes } = Object.values(resource.nomad_job)[0] ?? {};
  return JSON.parse(JSON.stringify(attributes)) as Written;
}

function synthesized(stack: TerraformStack): Record<string, Written> {
  return (JSON.parse(Testing.synth(stack)) as { resource: { nomad_job: Record<string, Written> } }).resource.nomad_job;
}

function stackWith(
  env: Readonly<Record<string, string>>,
  config: object = {},
): { stack: TerraformStack; web: NomadJob } {
  const stack = new TerraformStack(Testing.app(), "dev");
  nomadProvider(stack);
  const before = new NomadJob(stack, "before", { job: jobOf({}) });
  const web = new NomadJob(stack, "web", { job: jobOf(env), dependsOn: [before], ...config });
  return { stack, web };
}

function jobOf(env: Readonly<Record<string, string>>): Job {
  const task = new Task({ name: "web", driver: Driver.docker({ image: "web:1" }), env });
  return new Job({ id: "web", datacenters: ["dc1"], groups: [new TaskGroup({ name: "web", tasks: [task] })] });
}

/** Texts of which some look like tokens, references or the ends of either. */
const TEXT = fc
  .array(
    fc.constantFrom(
      "a",
      "${",
      "$${",
      "}",
      "%{",
      "TfToken[",
      "TOKEN.3]",
      "#{",
      "-1.8881545897087503e+289",
      "\\",
      '"',
      "${var.x}",
      "$",
      "%",
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

describe("a job's attributes that are resolved ahead", () => {
  it("are what cdktf makes of them, for drawn texts", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("A", "B", "C"), TEXT), (env) => {
        const { stack, web } = stackWith(env);
        const tried = attempt(() => resolvedByCdktf(web));
        expect(attempt(() => synthesized(stack).web)).toEqual(tried);
      }),
      { numRuns: 300 },
    );
  });

  it("are so beside every argument that Terraform has for a resource, and beside tokens", () => {
    const stack = new TerraformStack(Testing.app(), "dev");
    const provider = nomadProvider(stack);
    const variable = new TerraformVariable(stack, "tag", { type: "string" });
    const job = jobOf({
      TAG: variable.stringValue,
      LATE: Lazy.stringValue({ produce: () => "late" }),
      PORT: "${NOMAD_PORT_http}",
    });
    const web = new NomadJob(stack, "web", {
      job,
      provider,
      count: variable.numberValue,
      lifecycle: { preventDestroy: true, ignoreChanges: ["jobspec"] },
      timeouts: { create: variable.stringValue },
      provisioners: [{ type: "local-exec", command: `echo ${variable.stringValue}` }],
    });
    web.addOverride("rerun_if_dead", true);
    const { web: written } = synthesized(stack);
    expect(written).toEqual(resolvedByCdktf(web));
    expect(written).toMatchObject({
      provider: "nomad",
      rerun_if_dead: true,
      count: "${var.tag}",
      timeouts: { create: "${var.tag}" },
    });
  });

  it("can be overridden by the stack", () => {
    const { stack } = stackWith({});
    stack.addOverride("resource.nomad_job.web.detach", true);
    expect(synthesized(stack)).toMatchObject({ web: { detach: true, depends_on: ["nomad_job.before"] } });
  });

  it("are there for who reads what a construct writes", () => {
    const { web } = stackWith({ A: "1" });
    const { resource } = web.toTerraform() as { resource: { nomad_job: Record<string, Written> } };
    expect(JSON.parse(JSON.stringify(resource.nomad_job.web))).toMatchObject({ json: true, purge_on_destroy: true });
    expect(JSON.parse(String(resource.nomad_job.web?.jobspec))).toMatchObject({ Job: { ID: "web" } });
  });

  it("are resolved in a stack that is synthesized with others", () => {
    const app = new App({ outdir: Testing.app().outdir });
    const first = new TerraformStack(app, "first");
    nomadProvider(first);
    const made = new NomadJob(first, "made", { job: jobOf({}) });
    const second = new TerraformStack(app, "second");
    nomadProvider(second);
    new NomadJob(second, "other", { job: jobOf({ OF: made.id }) });
    app.synth();
    expect(Testing.synth(second)).toContain("terraform_remote_state");
  });
});

function attempt(of: () => unknown): unknown {
  try {
    return of();
  } catch (error) {
    return `throws ${(error as Error).name}`;
  }
}
