import type { Job, JobProblem, Target } from "../../lib";

/** Something that rules judge: a job, what became of JSON that was read, or what has yet to be made where making it is refused. */
export type Judged = Job | Reading | (() => Job);

/** What `Job.read` gives. */
type Reading = ReturnType<typeof Job.read>;

/** A rule, shown on what is against it and on what is not. */
export interface RuleExample {
  /** What is against this rule, and against no other. */
  readonly fails: Judged;
  /** What no rule has anything to say of. */
  readonly passes: Judged;
  /** The Nomad for which both are judged. Default: the first for which the rule holds, of 1.11 and later. */
  readonly target?: Target;
}

/** A rule as it is found where something is read, which has no job. */
export type { JobProblem };
