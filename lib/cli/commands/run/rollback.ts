import { UserError } from "../../../errors";
import { rollback as rollbackStack } from "../../../operations";
import { term } from "../../../text";
import { chooseGenerations, olderGeneration } from "../../chosen-generations";
import type { CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import type { OpenStack } from "../../open-stack";
import { formerJob, recordAgain } from "../../stack-owners";
import { withStackToChange } from "../../stack";
import { outcomesJson, whileWatching } from "../../watching";
import type { Input } from "../rollback";

/** Takes a job back to a version that it had, and watches until that is healthy. */
export async function run(input: Input, context: CliContext) {
  const { job, to } = input;
  const { terminal } = context;
  return withStackToChange(input, context, async (stack) => {
    const older = await backToGeneration(stack, input, context);
    if (older !== undefined) return older;
    const former = await formerJob(stack, input, context);
    const objects = former ? [former, ...stack.contents.objects] : stack.contents.objects;
    // Before it runs again: what the record does not have would be nobody's.
    if (former) await recordAgain(stack, former, context);
    const { outcomes, code } = await whileWatching(stack, input, context, (handlers) =>
      rollbackStack(objects, { ...handlers, job, to }),
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
}

/**
 * A pool's changed job is another job beside the old one: going back is to give leases from that one again. Nothing that is leased ends by it.
 *
 * @returns the exit code; undefined where no such pool is meant
 */
async function backToGeneration(stack: OpenStack, { job, to, json }: Input, context: CliContext) {
  const { environment: name, contents } = stack;
  const program = contents.objects.flatMap((item) => (item.kind === "job" ? [item.job] : []));
  const clients = { ...stack, signal: context.signal };
  const older = await olderGeneration(job ?? (program.length === 1 ? program[0]?.ID : undefined), program, clients);
  if (older === undefined) return undefined;
  const { pool } = older;
  if (to !== undefined)
    throw UserError.at(
      "--to",
      `the pool ${pool} goes back to an older job, and to no version; leave --to out`,
      "rollback/version",
    );
  const chosen = await chooseGenerations([older.job], clients, context);
  const result = chosen[0]?.result;
  if (json) context.terminal.json({ environment: name, jobs: [], pools: chosen });
  else if (result === "current") context.terminal.note(term`${pool} gives leases from ${older.job.ID} already`);
  else if (result === "chosen")
    context.terminal.note(term`the program still says otherwise: the next deployment of ${name} brings it again`);
  return result === "unknown" ? EXIT.failed : EXIT.ok;
}
