import { promote as promoteStack } from "../../../operations";
import { withStackToChange } from "../../stack";
import { outcomesJson, timeFromNow, whileWatching } from "../../watching";
import type { CliContext } from "../../context";
import type { Input } from "../promote";

/** Promotes the canaries of an environment, and watches until all is healthy. */
export async function run(input: Input, context: CliContext) {
  const { job, autoFailAfter, canaryWeight: weight } = input;
  return withStackToChange(input, context, async (stack) => {
    const { outcomes, code } = await whileWatching(stack, input, context, (handlers) =>
      promoteStack(stack.contents.objects, {
        ...handlers,
        job,
        whenHealthy: input.whenHealthy || autoFailAfter !== undefined,
        failAt: timeFromNow(autoFailAfter, context),
        canaryWeight: weight,
      }),
    );
    if (input.json) context.terminal.json({ environment: input.environment, jobs: outcomesJson(outcomes) });
    return code;
  });
}
