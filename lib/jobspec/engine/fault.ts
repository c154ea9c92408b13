import type { Severity } from "../../errors";
import type { RuleId } from "../catalog";

/** What is wrong with a plain value. */
export interface Fault {
  readonly rule: RuleId;
  readonly message: string;
  /**
   * The name that nothing in the job has, where that is what is wrong: where a text that only Terraform knows turns out to be it, nothing is wrong.
   * Default: it is wrong whatever else the job has.
   */
  readonly missing?: string;
  /** Default: "error". */
  readonly severity?: Severity;
  /** Whether synthesis stops at it although a server would take the job. Default: its rule decides. */
  readonly stopsSynthesis?: boolean;
}
