import { stableVersionBefore, type JobOutcome } from "../operations";
import { shellQuoted, term } from "../text";
import type { CliContext } from "./context";
import type { OpenStack } from "./open-stack";

/** A job whose new version failed, and the one before it that was healthy. */
export interface RollbackTarget {
  readonly job: string;
  readonly to: number;
}

/** The jobs of a deployment that failed and that may be taken back, each once: not those that Nomad has taken back already, and none that was never healthy. */
export async function rollbackTargets(
  outcomes: readonly JobOutcome[],
  { nomad }: Pick<OpenStack, "nomad">,
  { signal }: Pick<CliContext, "signal">,
): Promise<readonly RollbackTarget[]> {
  const failed = outcomes.filter(({ result }) => result === "failed");
  const found = await Promise.all(
    failed.map(async ({ job, view, reasons }): Promise<RollbackTarget | undefined> => {
      if (reasons.some(({ kind }) => kind === "stopped" || kind === "overwritten")) return undefined;
      const to = await stableVersionBefore(job, { nomad, failed: view.version, signal });
      return to === undefined ? undefined : { job: job.ID, to };
    }),
  );
  const known = found.flatMap((target) => target ?? []);
  return [...new Map(known.map((target) => [target.job, target] as const)).values()];
}

/** Says how to go back, each with its whole line. */
export function adviseRollback(
  targets: readonly RollbackTarget[],
  { environment, direct = false }: { readonly environment: string; readonly direct?: boolean },
  { terminal }: Pick<CliContext, "terminal">,
): void {
  for (const { job, to } of targets)
    terminal.note(
      term`  version ${to} of ${job} was healthy; go back to it with: cdk-nomad rollback ${shellQuoted(environment)} --job ${shellQuoted(job)}${direct ? " --direct" : ""}`,
    );
}
