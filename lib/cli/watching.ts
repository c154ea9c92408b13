import type { Duration } from "../jobspec";
import type { JobOutcome } from "../operations";
import { term, type TerminalText } from "../text";
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

/** Runs something that watches deployments, shows them meanwhile and how they ended. */
export async function whileWatching<T extends readonly JobOutcome[]>(
  { environment, nomad, consul }: OpenStack,
  { detach, timeout, json, noWaitBatch }: Partial<ValuesOf<typeof watching>>,
  context: CliContext,
  run: (watching: Watching) => Promise<T>,
) {
  const screen = new DeploymentScreen(context);
  const until = timeFromNow(timeout, context);
  const { signal, terminal } = context;
  const waiting = { detach: detach === true, until, waitForBatch: noWaitBatch !== true };
  const outcomes = await run({ ...screen.handlers(), nomad, consul, masking: terminal.masking, signal, ...waiting });
  terminal.rest();
  if (!json) screen.end(outcomes, environment);
  return { outcomes, code: exitCodeOf(outcomes) };
}

/** What goes on after a command that watches deployments was interrupted. */
export function comeBack({ environment }: { readonly environment: string }): TerminalText {
  return term`Nomad goes on with what it was given. Come back with: cdk-nomad status ${environment} --watch`;
}

/** The moment that a length of time is over: by the context's clock. */
export function timeFromNow(duration: Duration | undefined, { clock }: Pick<CliContext, "clock">): number | undefined {
  return duration === undefined ? undefined : clock.now() + duration.milliseconds;
}

/** Outcomes for machines. */
export function outcomesJson(outcomes: readonly JobOutcome[]) {
  return outcomes.map(({ job, ...rest }) => ({ id: job.ID, ...rest }));
}
