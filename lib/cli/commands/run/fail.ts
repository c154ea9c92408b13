import { failDeployment } from "../../../operations";
import { shellQuoted, term } from "../../../text";
import { DeploymentScreen } from "../../deployment-screen";
import { EXIT } from "../../exit-codes";
import { GOOD } from "../../symbols";
import { withStackToChange } from "../../stack";
import type { CliContext } from "../../context";
import type { Input } from "../fail";

/** Ends a deployment as failed. */
export async function run(input: Input, context: CliContext) {
  const { terminal, signal } = context;
  const { masking } = terminal;
  return withStackToChange(input, context, async ({ contents, nomad, consul }) => {
    const handlers = new DeploymentScreen(context).handlers();
    const failed = await failDeployment(contents.objects, {
      ...handlers,
      nomad,
      consul,
      masking,
      signal,
      job: input.job,
    });
    if (input.json) {
      terminal.json({ environment: input.environment, failed });
      return EXIT.ok;
    }
    for (const { job, region, deployment, revertedTo } of failed) {
      const where = region === undefined ? term`${job}` : term`${job} in ${region}`;
      const next =
        revertedTo === undefined
          ? term`it has no auto_revert: take it back with cdk-nomad rollback ${shellQuoted(input.environment)} --job ${shellQuoted(job)}`
          : term`Nomad goes back to version ${revertedTo}: cdk-nomad status ${shellQuoted(input.environment)} --watch`;
      terminal.note(term`${GOOD} deployment ${deployment.slice(0, 8)} of ${where} is failed; ${next}`);
    }
    return EXIT.ok;
  });
}
