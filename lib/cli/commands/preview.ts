import { hasChanges, previewStack, readTerraformPlan } from "../../operations";
import type { CliContext } from "../context";
import { previewMarkdown } from "../preview-markdown";
import { previewText } from "../preview-text";
import { withForeignStack, withStack, type ForeignStackOptions, type OpenStack } from "../stack";

/** Options of `preview`. */
export interface PreviewOptions extends ForeignStackOptions {
  readonly format: "text" | "markdown" | "json";
  readonly plan?: string;
}

/** Says what would happen to a cluster, were an environment deployed now. Exit code 0: nothing; 2: something; 1: an error. */
export async function preview(environment: string, options: PreviewOptions, context: CliContext): Promise<void> {
  const { terminal, signal } = context;
  const terraform = options.plan === undefined ? undefined : readTerraformPlan(options.plan);
  const show = async ({ contents, nomad, consul }: OpenStack): Promise<void> => {
    terminal.progress().step(`asking Nomad and Consul at ${nomad.address} and ${consul.address}`);
    const found = await previewStack(environment, contents, { nomad, consul, signal }, terraform);
    terminal.rest();
    if (options.format === "json") terminal.print(JSON.stringify(found, null, 2));
    else if (options.format === "markdown") terminal.print(previewMarkdown(found));
    else terminal.print(previewText(found, terminal));
    if (hasChanges(found)) process.exitCode = 2;
  };
  const { synthesized } = options;
  await (synthesized === undefined
    ? withStack(environment, options, context, show)
    : withForeignStack(environment, synthesized, options, context, show));
}
