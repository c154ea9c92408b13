import { UserError } from "../../jobspec";
import { rollback as rollbackStack } from "../../operations";
import { wholeNumber, type CliContext } from "../context";
import { withStack } from "../stack";
import { outcomesJson, whileWatching, type WatchingOptions } from "../watching";

/** Options of `rollback`. */
export interface RollbackCommandOptions extends WatchingOptions {
  readonly job?: string;
  readonly to?: string;
}

/** Takes a job back to a version that it had, and watches until that is healthy. */
export async function rollback(
  environment: string,
  options: RollbackCommandOptions,
  context: CliContext,
): Promise<void> {
  const to = options.to === undefined ? undefined : wholeNumber(options.to);
  if (Number.isNaN(to)) throw UserError.at("--to", `"${options.to}" is no version; write a whole number`, "version");
  await withStack(environment, options, context, async (stack) => {
    const outcomes = await whileWatching(stack, options, context, (watching) =>
      rollbackStack(stack.contents.wanted, { ...watching, job: options.job, to }),
    );
    if (!outcomes) return;
    const { terminal } = context;
    if (options.json) terminal.print(JSON.stringify({ environment, jobs: outcomesJson(outcomes) }, null, 2));
    else if (!process.exitCode)
      terminal.note(`the program still says otherwise: the next deployment of ${environment} brings it again`);
  });
}
