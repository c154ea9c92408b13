import { rollback as rollbackStack } from "../../operations";
import { term } from "../../text";
import { command, value } from "../command";
import { EXIT, WATCHING_EXIT_CODES } from "../exit-codes";
import { changing, environment, watching, wholeNumber } from "../options";
import { formerJob, recordAgain } from "../stack-owners";
import { withStackToChange } from "../stack";
import { comeBack, outcomesJson, whileWatching } from "../watching";

/** Takes a job back to a version that it had, and watches until that is healthy. */
export const rollback = command({
  name: "rollback",
  summary: "take a job back to a version that it had, and watch until that is healthy",
  arguments: environment,
  options: {
    job: value("id", "the job (default: the one whose deployment failed or goes on)"),
    to: value("version", "the version (default: the newest before this one that was healthy once)", wholeNumber),
    ...changing,
    ...watching,
  },
  examples: ["cdk-nomad rollback dev --job prism-stack", "cdk-nomad rollback dev --job prism-stack --to 3"],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: comeBack,
  async run(input, context) {
    const { job, to } = input;
    const { terminal } = context;
    return withStackToChange(input, context, async (stack) => {
      const former = await formerJob(stack, job, context);
      const wanted = former ? [former, ...stack.contents.wanted] : stack.contents.wanted;
      // Before it runs again: what the record does not have would be nobody's.
      if (former) await recordAgain(stack, former, context);
      const { outcomes, code } = await whileWatching(stack, input, context, (handlers) =>
        rollbackStack(wanted, { ...handlers, job, to }),
      );
      if (input.json) terminal.json({ environment: input.environment, jobs: outcomesJson(outcomes) });
      else if (code === EXIT.ok && former)
        terminal.note(
          term`the program has it no longer: the next deployment of ${input.environment} stops it again, unless it has --no-prune`,
        );
      else if (code === EXIT.ok)
        terminal.note(
          term`the program still says otherwise: the next deployment of ${input.environment} brings it again`,
        );
      return code;
    });
  },
});
