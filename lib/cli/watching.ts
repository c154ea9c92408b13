import { Duration, UserError } from "../jobspec";
import type { JobOutcome } from "../operations";
import { wholeNumber, type CliContext } from "./context";
import { DeploymentScreen } from "./deployment-screen";
import { EXIT, exitCodeOf } from "./exit-codes";
import type { OpenStack, StackOptions } from "./stack";

/** Options of every command that watches deployments. */
export interface WatchingOptions extends StackOptions {
  readonly detach?: boolean;
  readonly timeout?: string;
}

/** What such a command hands on. */
export type Watching = ReturnType<DeploymentScreen["handlers"]> & {
  readonly nomad: OpenStack["nomad"];
  readonly consul: OpenStack["consul"];
  readonly signal: AbortSignal;
  readonly detach: boolean;
  readonly until: number | undefined;
};

/**
 * Runs something that watches deployments, shows them meanwhile and how they ended, and sets the exit code. Ctrl-C lets them go on, and
 * says how to come back to them.
 */
export async function whileWatching<T extends readonly JobOutcome[]>(
  { environment, nomad, consul }: OpenStack,
  options: WatchingOptions,
  { terminal, signal }: CliContext,
  run: (watching: Watching) => Promise<T>,
): Promise<T | undefined> {
  const screen = new DeploymentScreen(terminal);
  const until = timeFromNow(options.timeout, "--timeout");
  const detach = options.detach === true;
  try {
    const outcomes = await run({ ...screen.handlers(), nomad, consul, signal, detach, until });
    terminal.rest();
    if (!options.json) screen.end(outcomes, environment);
    process.exitCode = exitCodeOf(outcomes);
    return outcomes;
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.note(
      `interrupted; Nomad goes on with what it was given. Come back with: cdk-nomad status ${environment} --watch`,
    );
    process.exitCode = EXIT.interrupted;
    return undefined;
  }
}

/** The moment that a length of time, as somebody wrote it, is over: in milliseconds since 1970. */
export function timeFromNow(text: string | undefined, path: string): number | undefined {
  if (text === undefined) return undefined;
  const duration = Duration.parse(text);
  if (!duration || duration.nanoseconds <= 0)
    throw UserError.at(path, `"${text}" is no length of time; write 90s or 10m, say`, "duration");
  return Date.now() + duration.milliseconds;
}

/** A part of a hundred, as somebody wrote it. */
export function percent(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = wholeNumber(text.replace(/%$/, ""));
  if (!(number >= 0 && number <= 100))
    throw UserError.at("--canary-weight", `"${text}" is no percentage; write 0 to 100`, "percent");
  return number;
}

/** Outcomes for machines. */
export function outcomesJson(outcomes: readonly JobOutcome[]) {
  return outcomes.map(({ job, ...rest }) => ({ id: job.ID, ...rest }));
}
