import { promote as promoteStack } from "../../operations";
import type { CliContext } from "../context";
import { withStack } from "../stack";
import { outcomesJson, percent, timeFromNow, whileWatching, type WatchingOptions } from "../watching";

/** Options of `promote`. */
export interface PromoteCommandOptions extends WatchingOptions {
  readonly job?: string;
  readonly whenHealthy?: boolean;
  readonly autoFailAfter?: string;
  readonly canaryWeight?: string;
}

/** Promotes the canaries of an environment, and watches until all is healthy. */
export async function promote(environment: string, options: PromoteCommandOptions, context: CliContext): Promise<void> {
  const failAt = () => timeFromNow(options.autoFailAfter, "--auto-fail-after");
  const whenHealthy = options.whenHealthy === true || failAt() !== undefined;
  const canaryWeight = percent(options.canaryWeight);
  await withStack(environment, options, context, async (stack) => {
    const outcomes = await whileWatching(stack, options, context, (watching) =>
      promoteStack(stack.contents.wanted, {
        ...watching,
        job: options.job,
        whenHealthy,
        failAt: failAt(),
        canaryWeight,
      }),
    );
    if (outcomes && options.json)
      context.terminal.print(JSON.stringify({ environment, jobs: outcomesJson(outcomes) }, null, 2));
  });
}
