import { UserError } from "../../jobspec";
import {
  deploy as deployStack,
  listServices,
  readPreviewFile,
  refuseTerraformOnly,
  type JobOutcome,
  type ServiceRow,
} from "../../operations";
import { STAND_IN } from "../../workloads";
import type { CliContext } from "../context";
import { serviceTable } from "../service-table";
import { withStack, type OpenStack } from "../stack";
import { outcomesJson, percent, whileWatching, type WatchingOptions } from "../watching";

/** Options of `deploy`. */
export interface DeployCommandOptions extends WatchingOptions {
  readonly preview?: string;
  readonly direct?: boolean;
  readonly canaryWeight?: string;
}

/** Brings an environment to a cluster through Nomad's API, and watches it until it is healthy. */
export async function deploy(environment: string, options: DeployCommandOptions, context: CliContext): Promise<void> {
  if (/^prod/.test(environment) && !options.direct) {
    throw UserError.at(
      environment,
      `goes through Terraform, with its state and its lock; write: npx cdktf deploy ${environment}, or --direct to go past it`,
      "environment",
    );
  }
  const expected = options.preview === undefined ? undefined : readPreviewFile(options.preview, environment);
  const canaryWeight = percent(options.canaryWeight);
  await withStack(environment, options, context, async (stack) => {
    refuseTerraformOnly(stack.contents, environment);
    const outcomes = await whileWatching(stack, options, context, (watching) =>
      deployStack(stack.contents.wanted, { ...watching, expected, canaryWeight }),
    );
    if (outcomes) await report(outcomes, stack, options, context);
  });
}

async function report(
  outcomes: readonly JobOutcome[],
  { environment, consul }: OpenStack,
  options: DeployCommandOptions,
  { terminal }: CliContext,
): Promise<void> {
  const services: readonly ServiceRow[] = options.detach
    ? []
    : (await Promise.all(outcomes.map(({ job }) => listServices(job, consul, STAND_IN)))).flat();
  if (options.json) {
    terminal.print(JSON.stringify({ environment, jobs: outcomesJson(outcomes), services }, null, 2));
    return;
  }
  if (services.length > 0 && outcomes.every(({ result }) => result !== "failed"))
    terminal.print(`\n${serviceTable(services, terminal)}`);
}
