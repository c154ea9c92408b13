import type { Severity } from "../../errors";
import type { RuleId } from "../catalog";

/** What is wrong with a plain value. */
export interface Fault {
  readonly rule: RuleId;
  readonly message: string;
  /** Default: "error". */
  readonly severity?: Severity;
  /** Whether synthesis stops at it although a server would take the job. Default: its rule decides. */
  readonly stopsSynthesis?: boolean;
}
