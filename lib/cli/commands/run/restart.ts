import { restart as restartStack, type Restarted } from "../../../operations";
import { joinLines, term, wrap, type TerminalText } from "../../../text";
import { reasonLines } from "../../deployment-text";
import { DeploymentScreen } from "../../deployment-screen";
import { EXIT } from "../../exit-codes";
import { ATTENTION, BAD, GOOD } from "../../symbols";
import { withStackToChange } from "../../stack";
import { timeFromNow } from "../../watching";
import type { CliContext } from "../../context";
import type { Input } from "../restart";

/** Restarts what runs of an environment, a few allocations at a time. */
export async function run(input: Input, context: CliContext) {
  const { terminal, signal } = context;
  return withStackToChange(input, context, async ({ contents, nomad, consul }) => {
    const handlers = new DeploymentScreen(context).handlers();
    const until = timeFromNow(input.timeout, context);
    const clients = { ...handlers, nomad, consul, masking: terminal.masking, signal, until };
    const jobs = await restartStack(contents.objects, { ...clients, job: input.job });
    if (input.json) terminal.json({ environment: input.environment, jobs });
    else for (const job of jobs) terminal.note(restartedText(job));
    if (jobs.some(({ result }) => result === "failed")) return EXIT.failed;
    return jobs.some(({ result }) => result === "timed-out") ? EXIT.timedOut : EXIT.ok;
  });
}

function restartedText({ job, region, result, restarted, running, reasons }: Restarted): TerminalText {
  const name = region === undefined ? term`${job}` : term`${job} in ${region}`;
  if (result === "restarted")
    return term`${GOOD} ${name}: ${restarted} of ${running} allocations restarted, all healthy`;
  if (result === "skipped") return joinLines([term`${ATTENTION} ${name} is left as it is`, ...reasonLines(reasons)]);
  const sign = result === "failed" ? BAD : ATTENTION;
  const head =
    running === 0
      ? term`${sign} ${name}: nothing was restarted`
      : term`${sign} ${name}: stopped after ${restarted} of ${running} allocations`;
  return joinLines([wrap(head, { hanging: 2 }), ...reasonLines(reasons)]);
}
