import { failDeployment } from "../../operations";
import type { CliContext } from "../context";
import { DeploymentScreen } from "../deployment-screen";
import { withStack, type StackOptions } from "../stack";

/** Options of `fail`. */
export interface FailCommandOptions extends StackOptions {
  readonly job?: string;
}

/** Ends a deployment as failed. */
export async function fail(environment: string, options: FailCommandOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  await withStack(environment, options, context, async ({ contents, nomad, consul }) => {
    const handlers = new DeploymentScreen(terminal).handlers();
    const failed = await failDeployment(contents.wanted, { ...handlers, nomad, consul, signal, job: options.job });
    terminal.rest();
    if (options.json) {
      terminal.print(JSON.stringify({ environment, failed }, null, 2));
      return;
    }
    const { color } = terminal;
    for (const { job, region, deployment, revertedTo } of failed) {
      const where = region === undefined ? job : `${job} in ${region}`;
      const next =
        revertedTo === undefined
          ? `it has no auto_revert: take it back with cdk-nomad rollback ${environment} --job ${job}`
          : `Nomad goes back to version ${revertedTo}: cdk-nomad status ${environment} --watch`;
      terminal.note(`${color.green("✓")} deployment ${deployment.slice(0, 8)} of ${where} is failed; ${next}`);
    }
  });
}
