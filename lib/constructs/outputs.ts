import { TerraformDataSource, TerraformOutput, TerraformStack, Token } from "cdktf";
import type { IConstruct } from "constructs";
import { NomadJob } from "./nomad-job";
import { providerKnowsVersion } from "./provider-version";
import { pauseStackTraces } from "./stack-traces";

/**
 * Says, as the stack's output `jobs`, what Terraform knows of every job of a stack once it is applied: by the job's id, behind its
 * region where it names one, its id, its version, its modify index, its deployment's id and status. Terraform learns of a deployment only
 * where it waits for it: for a job that is applied detached, `cdk-nomad status` says more.
 *
 * Jobs that are added later, such as by an aspect, are among them where {@link synthesize} synthesizes the program; cdktf's own `app.synth()` says those that were
 * there when this was called.
 */
export function outputJobs(stack: TerraformStack): TerraformOutput {
  return new JobsOutput(stack);
}

/**
 * Has the outputs of a program say all of its jobs: who judges or synthesizes it calls it once all of it is there.
 *
 * @param scope the program
 */
export function completeOutputs(scope: IConstruct): void {
  for (const construct of scope.node.findAll()) if (construct instanceof JobsOutput) construct.addJobs();
}

/** Written when it is asked for, and as texts: tokens would cost more than the jobs. */
class JobsOutput extends TerraformOutput {
  readonly #jobs = new Map<NomadJob, HeldJob | undefined>();

  constructor(stack: TerraformStack) {
    const description = "What became of each job: its id, its version, its modify index, its deployment.";
    super(stack, "jobs", { description, value: {} });
    this.addJobs();
  }

  /** Takes up the jobs that the stack has by now. */
  addJobs(): void {
    for (const job of TerraformStack.of(this).node.findAll())
      if (NomadJob.isNomadJob(job) && !this.#jobs.has(job))
        this.#jobs.set(job, providerKnowsVersion(job) ? undefined : new HeldJob(job));
  }

  /** @internal */
  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...super.synthesizeAttributes(), value: this.values() };
  }

  /** @internal */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const attributes = super.synthesizeHclAttributes() as Record<string, Record<string, unknown>>;
    return { ...attributes, value: { ...attributes.value, value: this.values() } };
  }

  private values(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.#jobs].map(([job, held]) => {
        const of = attributeOf(job, "nomad_job");
        const version = held ? attributeOf(held, "data.nomad_job")("version") : of("version");
        const [deployment_id, deployment_status] = [of("deployment_id"), of("deployment_status")];
        return [
          outputName(job),
          { id: of("id"), version, modify_index: of("modify_index"), deployment_id, deployment_status },
        ];
      }),
    );
  }
}

/** `data.nomad_job`: the class of the bindings has a hundred more, which take longer to load than all of this to synthesize. */
class HeldJob extends TerraformDataSource {
  readonly #applied: NomadJob;

  /** Older releases of the provider do not say the version of a job that they applied, so it is asked for. */
  constructor(applied: NomadJob) {
    const resume = pauseStackTraces();
    try {
      super(applied, "held", {
        terraformResourceType: "nomad_job",
        terraformGeneratorMetadata: applied.terraformGeneratorMetadata,
        provider: applied.provider,
        dependsOn: [applied],
      });
      this.#applied = applied;
    } finally {
      resume();
    }
  }

  /** @internal */
  protected override synthesizeAttributes(): Record<string, unknown> {
    const of = attributeOf(this.#applied, "nomad_job");
    return { job_id: of("id"), namespace: of("namespace") };
  }

  /** @internal */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this.synthesizeAttributes()).map(([name, value]) => [
        name,
        { value, isBlock: false, type: "simple", storageClassType: "string" },
      ]),
    );
  }
}

function attributeOf({ friendlyUniqueId }: NomadJob | HeldJob, type: string): (attribute: string) => string {
  return (attribute) => `\${${type}.${friendlyUniqueId}.${attribute}}`;
}

function outputName({ job: { id, region }, node }: NomadJob): string {
  if (Token.isUnresolved(id)) return node.path.slice(node.path.indexOf("/") + 1);
  return region === undefined ? id : `${region}/${id}`;
}
