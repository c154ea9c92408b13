import { Job as ProviderJob, type JobConfig } from "@cdktf/provider-nomad/lib/job";
import type { Construct } from "constructs";
import type { Job, Problem, Target } from "../jobspec";
import { modelEdits } from "../jobspec/host";
import { pauseStackTraces } from "./stack-traces";
import { terraformJson } from "./terraform-text";
import { targetFor } from "./target";

/** Rules about things that a server lets pass although they cannot be meant. Synthesis stops at them. */
export const SENSELESS: ReadonlySet<string> = new Set([
  "update/canary-above-count",
  "service/port-unknown",
  "check/port-unknown",
  "check/port-number",
  "field/senseless",
  "secret/literal",
]);

/** Properties of {@link NomadJob}. */
export interface NomadJobProps extends Omit<JobConfig, "jobspec" | "json" | "id"> {
  /** The job. */
  readonly job: Job;
  /**
   * The Nomad that it is for.
   *
   * @default - what the app says, else open source 1.11
   */
  readonly target?: Target;
  /**
   * Rules, by their ids, that a server would let pass and that shall not stop synthesis here.
   *
   * @default - none
   */
  readonly allow?: readonly string[];
}

/** The resource of the bindings, made faster. */
class JobResource extends ProviderJob {
  constructor(scope: Construct, id: string, config: JobConfig) {
    const resume = pauseStackTraces();
    try {
      super(scope, id, config);
    } finally {
      resume();
    }
  }
}

/**
 * A typed Nomad job as a `nomad_job` of Terraform. It holds the model until synthesis, so that aspects
 * may read and amend it; then it is checked as a Nomad server would and rendered.
 *
 * `terraform apply` waits for the deployment, but for a job with canaries that somebody promotes by hand: that one is
 * applied detached, since waiting would hang until the promotion.
 *
 * @see https://registry.terraform.io/providers/hashicorp/nomad/latest/docs/resources/job
 */
export class NomadJob extends JobResource {
  /** The job, as a model. */
  readonly job: Job;
  readonly #target: Target | undefined;
  readonly #allow: readonly string[];
  // cdktf renders and validates every resource twice per synthesis.
  readonly #text = new UntilEdited(() => terraformJson(this.job.toApi()));
  readonly #problems = new UntilEdited(() => this.findProblems());

  constructor(scope: Construct, id: string, props: NomadJobProps) {
    const { job, target, allow, ...config } = props;
    super(scope, id, {
      detach: waitsForPromotion(job),
      purgeOnDestroy: true,
      ...config,
      json: true,
      jobspec: "",
    });
    this.job = job;
    this.#target = target;
    this.#allow = allow ?? [];
    this.node.addValidation({
      validate: () =>
        this.problems()
          .filter((problem) => problem.severity === "error")
          .map(toLine),
    });
  }

  /** The job as the text that Terraform evaluates to its JSON. */
  jobspecText(): string {
    return this.#text.value;
  }

  /** @internal Rendered when it is asked for, and not as a lazy token: a token records a stack trace, which costs more than the job. */
  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...super.synthesizeAttributes(), jobspec: this.jobspecText() };
  }

  /** @internal */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const attributes = super.synthesizeHclAttributes() as Record<string, Record<string, unknown>>;
    return { ...attributes, jobspec: { ...attributes.jobspec, value: this.jobspecText() } };
  }

  /** Whether this construct is a NomadJob, also one of another copy of this library. */
  static isNomadJob(construct: unknown): construct is NomadJob {
    return construct instanceof NomadJob;
  }

  /** Everything that is wrong with the job, with what synthesis refuses as an error. */
  problems(): readonly Problem[] {
    return this.#problems.value;
  }

  private findProblems(): readonly Problem[] {
    return this.job
      .validate(this.#target ?? targetFor(this))
      .map((problem) =>
        SENSELESS.has(problem.rule) && !this.#allow.includes(problem.rule)
          ? { ...problem, severity: "error" }
          : problem,
      );
  }
}

/** A value that is worked out again only after some model was changed. */
class UntilEdited<T> {
  #value: T | undefined;
  #edits = -1;

  constructor(private readonly compute: () => T) {}

  get value(): T {
    if (this.#edits !== modelEdits()) {
      this.#value = this.compute();
      this.#edits = modelEdits();
    }
    return this.#value as T;
  }
}

/** Whether a deployment of this job ends only when somebody promotes its canaries. */
export function waitsForPromotion(job: Job): boolean {
  return (job.groups ?? []).some((group) => {
    const canary = group.update?.canary ?? job.update?.canary ?? 0;
    return canary > 0 && !(group.update?.autoPromote ?? job.update?.autoPromote ?? false);
  });
}

function toLine(problem: Problem): string {
  return `${problem.path}: ${problem.message} [${problem.rule}]`;
}
