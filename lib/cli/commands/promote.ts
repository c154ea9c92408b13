import { promote as promoteStack } from "../../operations";
import { command, flag, value } from "../command";
import { WATCHING_EXIT_CODES } from "../exit-codes";
import { canaryWeight, changing, duration, environment, oneJob, watching } from "../options";
import { withStackToChange } from "../stack";
import { comeBack, outcomesJson, timeFromNow, whileWatching } from "../watching";

/** Promotes the canaries of an environment, and watches until all is healthy. */
export const promote = command({
  name: "promote",
  summary: "let healthy canaries take the places of the old allocations, and watch until all is healthy",
  arguments: environment,
  options: {
    ...oneJob,
    ...canaryWeight("give canaries this part of the requests instead of promoting them"),
    whenHealthy: flag("wait until the canaries are healthy"),
    autoFailAfter: value(
      "duration",
      "wait as --when-healthy does, and fail the deployment where that takes longer, such as 5m",
      duration,
    ),
    ...changing,
    ...watching,
  },
  examples: ["cdk-nomad promote staging", "cdk-nomad promote staging --when-healthy --auto-fail-after 5m"],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: comeBack,
  async run(input, context) {
    const { job, autoFailAfter, canaryWeight: weight } = input;
    return withStackToChange(input, context, async (stack) => {
      const { outcomes, code } = await whileWatching(stack, input, context, (handlers) =>
        promoteStack(stack.contents.wanted, {
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
  },
});
