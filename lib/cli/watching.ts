import type { Duration } from "../jobspec";
import type { JobOutcome } from "../operations";
import type { ValuesOf } from "./command";
import type { CliContext } from "./context";
import { DeploymentScreen } from "./deployment-screen";
import { exitCodeOf } from "./exit-codes";
import type { watching } from "./options";
import type { OpenStack } from "./open-stack";
import type { Terminal } from "./terminal";

/** What a command that watches deployments hands on. */
export type Watching = ReturnType<DeploymentScreen["handlers"]> & {
  readonly nomad: OpenStack["nomad"];
  readonly consul: OpenStack["consul"];
  readonly masking: Terminal["masking"];
  readonly signal: AbortSignal;
  readonly detach: boolean;
  readonly until: number | undefined;
  readonly waitForBatch: boolean;
};

/**
 * Runs something that watches deployments, shows them meanwhile and how they ended.
 *
 * @param says whether it says how they ended. Default: yes; else `say` of the result does, for a command that knows more of them by then
 */
export async function whileWatching<T extends readonly JobOutcome[]>(
  { environment, nomad, consul }: OpenStack,
  { detach, timeout, json, noWaitBatch }: Partial<ValuesOf<typeof watching>>,
  context: CliContext,
  run: (watching: Watching) => Promise<T>,
  { says = true }: { readonly says?: boolean } = {},
) {
  const screen = new DeploymentScreen(context);
  const until = timeFromNow(timeout, context);
  const { signal, terminal } = context;
  const waiting = { detach: detach === true, until, waitForBatch: noWaitBatch !== true };
  const outcomes = await run({ ...screen.handlers(), nomad, consul, masking: terminal.masking, signal, ...waiting });
  terminal.rest();
  const say = (some: readonly JobOutcome[]) => (json ? undefined : screen.end(some, environment));
  if (says) say(outcomes);
  return { outcomes, code: exitCodeOf(outcomes), say };
}

/** The moment that a length of time is over: by the context's clock. */
export function timeFromNow(duration: Duration | undefined, { clock }: Pick<CliContext, "clock">): number | undefined {
  return duration === undefined ? undefined : clock.now() + duration.milliseconds;
}

/** Outcomes for machines. */
export function outcomesJson(outcomes: readonly JobOutcome[]) {
  return outcomes.map(({ job, ...rest }) => ({ id: job.ID, ...rest }));
}
