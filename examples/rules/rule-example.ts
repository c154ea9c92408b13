import type { Job, RuleId, Target } from "../../lib";

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
  /** What is said of it too, since what the rule is about cannot be written without that. Default: nothing. */
  readonly besides?: readonly RuleId[];
  /** The Nomad for which both are judged. Default: the first for which the rule holds, the last one where it has ended, else the usual one. */
  readonly target?: Target;
}
