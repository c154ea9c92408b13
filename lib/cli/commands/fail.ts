import { failDeployment } from "../../operations";
import { term } from "../../text";
import { command, value } from "../command";
import { DeploymentScreen } from "../deployment-screen";
import { EXIT } from "../exit-codes";
import { changing, environment, json, stackVariables } from "../options";
import { GOOD } from "../signs";
import { withStackToChange } from "../stack";

/** Ends a deployment as failed. */
export const fail = command({
  name: "fail",
  summary: "end a deployment that goes on as failed; a job with auto_revert goes back by itself",
  arguments: environment,
  options: { job: value("id", "the job, where several deployments go on"), ...changing, ...stackVariables, ...json },
  examples: ["cdk-nomad fail staging --job prism-stack"],
  exitCodes: { [EXIT.ok]: "the deployment is failed" },
  interrupted: ({ environment: name }) =>
    term`a deployment may be failed already: cdk-nomad status ${name} says what became of it`,
  async run(input, context) {
    const { terminal, signal } = context;
    const { masking } = terminal;
    return withStackToChange(input, context, async ({ contents, nomad, consul }) => {
      const handlers = new DeploymentScreen(context).handlers();
      const failed = await failDeployment(contents.wanted, {
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
            ? term`it has no auto_revert: take it back with cdk-nomad rollback ${input.environment} --job ${job}`
            : term`Nomad goes back to version ${revertedTo}: cdk-nomad status ${input.environment} --watch`;
        terminal.note(term`${GOOD} deployment ${deployment.slice(0, 8)} of ${where} is failed; ${next}`);
      }
      return EXIT.ok;
    });
  },
});
