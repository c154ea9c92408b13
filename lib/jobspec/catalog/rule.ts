import type { Severity } from "../../errors";

/** What is known of a rule. */
export interface RuleInfo {
  /** What it wants, in a line. */
  readonly title: string;
  /** `error` where a server refuses what is against it. Where a server judges some cases and lets others pass, those are warnings. */
  readonly severity: Severity;
  /** The first Nomad for which it holds. Default: every one. */
  readonly since?: string;
  /** The first Nomad for which it holds no more. Default: none. */
  readonly until?: string;
  /** Whether synthesis stops also where a server would take the job, since it cannot be meant. Default: false. */
  readonly stopsSynthesis?: boolean;
  /** Whether the rules that look at several blocks say nothing of a job that is against it, since they rely on it. Default: false. */
  readonly comesFirst?: boolean;
}

type More = Omit<RuleInfo, "title" | "severity">;

/** A rule of a server: what is against it is refused. */
export const refuses = (title: string, more: More = {}): RuleInfo => ({ title, severity: "error", ...more });

/** A rule about what a server lets pass, though it is hardly meant. */
export const warns = (title: string, more: More = {}): RuleInfo => ({ title, severity: "warning", ...more });
