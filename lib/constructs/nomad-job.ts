import {
  Job as ProviderJob,
  jobTimeoutsToHclTerraform,
  jobTimeoutsToTerraform,
  type JobConfig,
  type JobHcl2,
  type JobTimeouts,
} from "@cdktf/provider-nomad/lib/job";
import { TerraformStack, type IResolvable, type TerraformResourceLifecycle } from "cdktf";
import type { Construct } from "constructs";
import { type Problem, UserError } from "../errors";
import { Job, type Target } from "../jobspec";
import {
  ANYTHING,
  checkProps,
  FLAG,
  hasManualCanary,
  OBJECT,
  objectOf,
  OBJECTS,
  poolOf,
  propKind,
  required,
  TEXT,
  TEXT_MAP,
  TEXTS,
  type PropKinds,
} from "../jobspec/host";
import { allowed, checkAllowed, errorLines, type AllowedRule } from "./allowed";
import { JobService } from "./job-service";
import { isMarked, mark } from "./marks";
import { providerVersion, requireProvider26, takesPreserveCounts } from "./provider-version";
import { pauseStackTraces } from "./stack-traces";
import { resolvedAhead } from "./resolved-ahead";
import { mayHoldTokens, terraformJson } from "./terraform-text";
import { targetFor } from "./target";
import { longestDeployment } from "./waiting";

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
   * Whether the counts that groups have on the cluster stay as they are when a change is applied. Needs release 2.6 of the provider,
   * see {@link useNomadProvider}.
   *
   * @default - true for a job with a scaling policy, where the provider takes it
   */
  readonly preserveCounts?: boolean;
  /**
   * What shall not stop synthesis here, of what a server would let pass: the id of a rule, such as `secret/literal`, whose problems are
   * warnings then; or a rule and a name, such as `secret/literal:API_KEY`, of which nothing is said at all.
   *
   * @default - none
   */
  readonly allow?: readonly AllowedRule[];
}

/** Whether a value is a job, also one of another copy of this package. */
function isJob(value: unknown): value is Job {
  if (value instanceof Job) return true;
  const { validate, toApi, withGroup } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [validate, toApi, withGroup].every((method) => typeof method === "function");
}

const JOB = propKind(isJob, "a Job", "new Job({ … })");

/** The kinds of a NomadJob's properties; what is ANYTHING is judged by cdktf. */
export const NOMAD_JOB: PropKinds<NomadJobProps> = {
  job: required(JOB),
  target: OBJECT,
  preserveCounts: FLAG,
  allow: TEXTS,
  deregisterOnDestroy: FLAG,
  deregisterOnIdChange: FLAG,
  detach: FLAG,
  policyOverride: FLAG,
  purgeOnDestroy: FLAG,
  readAllocationIds: FLAG,
  rerunIfDead: FLAG,
  hcl2: objectOf<JobHcl2>({ allowFs: FLAG, vars: TEXT_MAP }),
  timeouts: objectOf<JobTimeouts>({ create: TEXT, update: TEXT }),
  connection: ANYTHING,
  count: ANYTHING,
  dependsOn: OBJECTS,
  forEach: ANYTHING,
  lifecycle: objectOf<TerraformResourceLifecycle>({
    createBeforeDestroy: FLAG,
    preventDestroy: FLAG,
    ignoreChanges: ANYTHING,
    replaceTriggeredBy: ANYTHING,
    precondition: OBJECTS,
    postcondition: OBJECTS,
  }),
  provider: ANYTHING,
  provisioners: ANYTHING,
};

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

  /** @internal What cdktf would resolve three times over is told apart from what needs it. */
  override toTerraform(): Terraformed {
    const written = super.toTerraform() as Terraformed;
    const bodies = written.resource?.[this.terraformResourceType];
    const body = bodies?.[this.friendlyUniqueId];
    // What somebody overrides in the stack is merged into what an element wrote, which must not be a token then.
    if (!bodies || !body || "resource" in overridesOf(this.cdktfStack)) return written;
    bodies[this.friendlyUniqueId] = resolvedAhead(body, (text) => !mayHoldTokens(text));
    return written;
  }
}

/** What a resource writes. */
interface Terraformed {
  readonly resource?: Record<string, Record<string, Readonly<Record<string, unknown>>>>;
}

/** What a stack's `addOverride` was told; cdktf keeps it to itself. */
function overridesOf(stack: TerraformStack): object {
  return (stack as unknown as { readonly rawOverrides?: object }).rawOverrides ?? {};
}

/**
 * A typed Nomad job as a `nomad_job` of Terraform. The job itself is a value; this construct is the place where another takes its place,
 * by {@link NomadJob.amend}, also from an aspect. At synthesis it is checked as a Nomad server would and rendered.
 *
 * `terraform apply` waits for the deployment, as long as the job's own deadlines let it take. A job with canaries that somebody promotes by
 * hand is applied detached, since waiting would hang until the promotion. `detach` and `timeouts` say otherwise.
 *
 * A job of a pool that was changed has another id: Terraform registers it and leaves the one before alone (`deregister_on_id_change` is false
 * where nobody says otherwise), which the pool's manager takes away once nobody uses it any more.
 *
 * @see https://registry.terraform.io/providers/hashicorp/nomad/latest/docs/resources/job
 */
export class NomadJob extends JobResource {
  readonly #target: Target | undefined;
  readonly #allow: readonly AllowedRule[];
  readonly #preserveCounts: boolean | undefined;
  #job: Job;
  // cdktf renders and validates every resource twice per synthesis.
  #worked: WorkedOut = {};

  constructor(scope: Construct, id: string, props: NomadJobProps) {
    const place = `${scope.node.path}/${id}`;
    checkProps(props, place, NOMAD_JOB);
    const { job, target, allow, preserveCounts, ...config } = props;
    super(scope, id, { purgeOnDestroy: true, ...config, json: true, jobspec: "" });
    mark(this, "NomadJob");
    this.#job = job;
    this.#target = target;
    this.#allow = checkAllowed(allow ?? [], place);
    this.#preserveCounts = preserveCounts;
    const version = providerVersion(this);
    if (version !== undefined)
      TerraformStack.of(this).addOverride("terraform.required_providers.nomad.version", version);
    if (isScaled(job) || preserveCounts) requireProvider26(this);
    this.node.addValidation({ validate: () => errorLines(this.problems()) });
  }

  /** The job as it is now. */
  get job(): Job {
    return this.#job;
  }

  /**
   * Puts another job in the place of the one that is there, such as the same with one more variable.
   *
   * @param change gives back the job that it shall be
   * @throws UserError where it gives back no job
   * @example
   * nomadJob.amend((job) => job.withEachTask((task) => task.withEnv({ LOG: "debug" })))
   */
  amend(change: (job: Job) => Job): this {
    const next: unknown = change(this.#job);
    if (!isJob(next)) {
      const message = "amend() got no job back; give back what the with…() methods gave";
      throw UserError.at(this.node.path, message, "model/changed");
    }
    this.#job = next;
    this.#worked = {};
    if (isScaled(next)) requireProvider26(this);
    return this;
  }

  /**
   * A service of the job, to say what it calls: `launcher.service("pattern-launcher").connectTo(admin.service("prism-admin"))`.
   *
   * @param name as the service is called in its group
   * @throws UserError where no group has such a service
   */
  service(name: string): JobService {
    return new JobService(this, name);
  }

  /** The job as the text that Terraform evaluates to its JSON. */
  jobspecText(): string {
    return (this.#worked.text ??= terraformJson(this.#job.toApi()));
  }

  /** @internal Rendered when it is asked for, and not as a lazy token: a token records a stack trace, which costs more than the job. */
  protected override synthesizeAttributes(): Record<string, unknown> {
    const attributes: Record<string, unknown> = {};
    // cdktf walks over what nobody said as it does over the rest, twice for each job.
    for (const [name, value] of Object.entries(super.synthesizeAttributes()))
      if (value !== undefined) attributes[name] = value;
    const { detach, timeouts, preserveCounts, deregisterOnIdChange } = this.waiting();
    attributes.detach = detach;
    if (timeouts) attributes.timeouts = jobTimeoutsToTerraform(timeouts);
    if (preserveCounts !== undefined) attributes.preserve_counts = preserveCounts;
    if (deregisterOnIdChange !== undefined) attributes.deregister_on_id_change = deregisterOnIdChange;
    attributes.jobspec = this.jobspecText();
    return attributes;
  }

  /** @internal */
  protected override synthesizeHclAttributes(): Record<string, unknown> {
    const attributes = super.synthesizeHclAttributes() as Record<string, Record<string, unknown>>;
    const { detach, timeouts, preserveCounts, deregisterOnIdChange } = this.waiting();
    const flag = (value: unknown) => ({ value, isBlock: false, type: "simple", storageClassType: "boolean" });
    return {
      ...attributes,
      detach: flag(detach),
      ...(timeouts
        ? {
            timeouts: {
              value: jobTimeoutsToHclTerraform(timeouts) as unknown,
              isBlock: true,
              type: "struct",
              storageClassType: "JobTimeouts",
            },
          }
        : {}),
      ...(preserveCounts === undefined ? {} : { preserve_counts: flag(preserveCounts) }),
      ...(deregisterOnIdChange === undefined ? {} : { deregister_on_id_change: flag(deregisterOnIdChange) }),
      jobspec: { ...attributes.jobspec, value: this.jobspecText() },
    };
  }

  /** How Terraform waits for the job, and what it leaves alone: as the resource says, else as the job asks for. */
  private waiting(): Waiting {
    return (this.#worked.waiting ??= this.findWaiting());
  }

  private findWaiting(): Waiting {
    const job = this.#job;
    const detach = this.detachInput ?? hasManualCanary(job);
    const timeouts = this.timeoutsInput;
    const longest = detach === false && timeouts === undefined ? longestDeployment(job)?.toString() : undefined;
    return {
      detach,
      timeouts: longest === undefined ? timeouts : { create: longest, update: longest },
      preserveCounts: this.#preserveCounts ?? (isScaled(job) && takesPreserveCounts(this) ? true : undefined),
      deregisterOnIdChange:
        this.deregisterOnIdChangeInput ?? (poolOf(job.id, job.meta) === undefined ? undefined : false),
    };
  }

  /** Whether this construct is a NomadJob, also one of another copy of this package. */
  static isNomadJob(construct: unknown): construct is NomadJob {
    return isMarked(construct, "NomadJob");
  }

  /** Everything that is wrong with the job, with what synthesis refuses as an error. */
  problems(): readonly Problem[] {
    return (this.#worked.problems ??= this.findProblems());
  }

  private findProblems(): readonly Problem[] {
    const problems = allowed(this.#job.validate(this.#target ?? targetFor(this)), this.#allow);
    return this.#preserveCounts && !takesPreserveCounts(this) ? [...problems, this.oldProvider()] : problems;
  }

  private oldProvider(): Problem {
    const message = 'needs release 2.6 of the provider; write useNomadProvider(app, "2.6.1")';
    return { rule: "provider/preserve-counts", path: [this.node.path, "preserveCounts"], message, severity: "error" };
  }
}

/** Whether something else than the program decides how many allocations of some group there are. */
function isScaled(job: Job): boolean {
  return (job.groups ?? []).some(({ scaling }) => scaling !== undefined && scaling.enabled !== false);
}

/** What Terraform is told of a job beside its text. */
interface Waiting {
  readonly detach: boolean | IResolvable;
  readonly timeouts: JobTimeouts | IResolvable | undefined;
  readonly preserveCounts: boolean | undefined;
  readonly deregisterOnIdChange: boolean | IResolvable | undefined;
}

/** What was worked out of the job that is there now. */
interface WorkedOut {
  text?: string;
  problems?: readonly Problem[];
  waiting?: Waiting;
}
