import { compareProblems, UserError } from "../errors";
import { isPlainObject, Place, readBlock, type ApiObject, type JobProblem, type Resolvable } from "./engine";
import type {
  Affinity,
  AffinityProps,
  Constraint,
  ConstraintProps,
  JobProps,
  Spread,
  SpreadProps,
  Task,
  TaskGroup,
  TaskGroupProps,
} from "./blocks";
import { RULES } from "./catalog";
import { JobBlock, mergeNew } from "./blocks/host";
import { toHcl } from "./hcl";
import { checkJob, targetOf, type Target } from "./rules";

/**
 * A Nomad job: a value, which nothing changes. The `with…()` methods give back another job, which shares with this one all that did
 * not change.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/job
 * @example
 * new Job({ id: "web", groups: [new TaskGroup({ name: "web", tasks: [ … ] })] })
 * @example
 * job.withGroup("web", (group) => group.withTask("web", (task) => task.withEnv({ LOG: "debug" })))
 */
export class Job extends JobBlock {
  constructor(props: JobProps) {
    super(props);
  }

  /**
   * Reads a job from API JSON, with or without the outer `Job` key. Fields that are not known here are kept.
   *
   * @throws UserError with every place that holds something else than a job does
   */
  static fromApi(json: unknown): Job {
    const { job, problems } = Job.read(json);
    if (!job) throw new UserError(problems.filter(({ severity }) => severity === "error"));
    return job;
  }

  /**
   * Reads a job from API JSON like {@link Job.fromApi}, and says what it noticed: what makes the JSON unreadable, and a
   * warning for each field that is not known here.
   */
  static read(json: unknown): { readonly job: Job | undefined; readonly problems: readonly JobProblem[] } {
    const { block, problems } = readBlock(Job, isPlainObject(json) && isPlainObject(json.Job) ? json.Job : json);
    return { job: block, problems };
  }

  /** The job as Nomad's API takes it: only what was set, equal however often it is asked for. */
  override toApi(): { readonly Job: ApiObject } {
    return { Job: super.toApi() as ApiObject };
  }

  /**
   * The job as HCL, in the form in which `nomad fmt` leaves it. What only a server sets is left out.
   *
   * @throws UserError where something has no HCL, such as a field of `overrides`, or a value that only Terraform knows
   */
  toHcl(): string {
    return toHcl(this);
  }

  /**
   * Everything that is wrong with it, in the order of its places; an empty list where a server would take it.
   *
   * @param target the Nomad it is for. Default: open source, 1.11
   */
  validate(target: Target = {}): JobProblem[] {
    const found: JobProblem[] = [];
    const context = targetOf(target);
    this.checkBlock(Place.root(found, context), context);
    // Rules that span blocks can rely on the kinds of values; where one is wrong, that is said first.
    if (!found.some(({ rule }) => RULES[rule].comesFirst)) found.push(...checkJob(this, context));
    return withoutRepeats(found.sort(compareProblems));
  }

  /** The same job with one more group of tasks. */
  withGroup(group: TaskGroup | TaskGroupProps): this;
  /** The same job with the group of this name changed. */
  withGroup(name: string, change: (group: TaskGroup) => TaskGroup): this;
  withGroup(group: TaskGroup | TaskGroupProps | string, change?: (group: TaskGroup) => TaskGroup): this {
    return this.copyWithOne("groups", group, change);
  }

  /** The same job with every group changed. */
  withEachGroup(change: (group: TaskGroup) => TaskGroup): this {
    return this.copyWithEach("groups", change);
  }

  /** The same job with every task of every group changed. */
  withEachTask(change: (task: Task) => Task): this {
    return this.withEachGroup((group) => group.withEachTask(change));
  }

  /** The group of this name, if there is one. */
  group(name: string): TaskGroup | undefined {
    return this.groups?.find((group) => group.name === name);
  }

  /** The same job with one more condition that its nodes must meet. */
  withConstraint(constraint: Constraint | ConstraintProps): this {
    return this.copyWithOne("constraints", constraint);
  }

  /** The same job with one more preference among nodes. */
  withAffinity(affinity: Affinity | AffinityProps): this {
    return this.copyWithOne("affinities", affinity);
  }

  /** The same job with something more that its allocations are spread over. */
  withSpread(spread: Spread | SpreadProps): this {
    return this.copyWithOne("spreads", spread);
  }

  /**
   * The same job with more metadata.
   *
   * @throws UserError where a key is there already, with another value
   */
  withMeta(meta: Readonly<Record<string, string | Resolvable>>): this {
    return this.copyWith({ meta: mergeNew("meta", this.meta, meta) });
  }
}

/** Each problem once: what a job writes is a problem of each group that inherits it. */
function withoutRepeats(sorted: JobProblem[]): JobProblem[] {
  return sorted.filter((problem, index) => {
    const before = sorted[index - 1];
    return !before || compareProblems(before, problem) !== 0 || before.rule !== problem.rule;
  });
}
