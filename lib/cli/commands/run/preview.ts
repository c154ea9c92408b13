import { resolve } from "node:path";
import { hasChanges, previewStack, readTerraformPlan, type Preview, type StackObject } from "../../../operations";
import { withEndedLeases } from "../../ended-leases";
import { EXIT } from "../../exit-codes";
import { previewMarkdown } from "../../preview-markdown";
import { previewText } from "../../preview-text";
import { refusalsOf } from "../../refusals";
import { ownersOf, withStrays } from "../../stack-owners";
import type { OpenStack } from "../../open-stack";
import { withForeignStack, withStack } from "../../stack";
import type { CliContext } from "../../context";
import type { Input } from "../preview";

/** Says what would happen to a cluster, were an environment deployed now. */
export async function run(input: Input, context: CliContext) {
  const { terminal, signal, cwd } = context;
  const terraform = input.plan === undefined ? undefined : await readTerraformPlan(resolve(cwd, input.plan), signal);
  const isForeign = input.synthesized !== undefined;
  const show = async (stack: OpenStack) => {
    const { contents, nomad, consul } = stack;
    terminal.progress().step("asking Nomad and Consul");
    const clients = { nomad, consul, masking: terminal.masking, signal };
    const seen = await previewStack(input.environment, contents, clients, terraform);
    const planned = plansOf(seen, contents.objects);
    const leased = await withEndedLeases(seen, planned, clients);
    const owners = await ownersOf(stack, context);
    const refused = await refusalsOf({ stack, owners, planned, isForeign, allowed: input }, context);
    const found = { ...(await withStrays(leased, stack, owners, context, input)), refused };
    const as = input.json ? "json" : input.format;
    if (as === "json") terminal.json(found);
    else if (as === "markdown") terminal.markdown(previewMarkdown(found));
    else terminal.print(previewText(found));
    if (refused.length > 0) return EXIT.refused;
    return hasChanges(found) ? EXIT.changes : EXIT.ok;
  };
  return input.synthesized === undefined
    ? withStack(input, context, show, input.defaults ? { takes: "given", defaults: true } : {})
    : withForeignStack(input, resolve(cwd, input.synthesized), context, show);
}

/** The plans of a preview, each with its job. */
function plansOf({ jobs }: Preview, objects: readonly StackObject[]) {
  const byPath = new Map(objects.flatMap((item) => (item.kind === "job" ? [[item.path, item.job] as const] : [])));
  return jobs.flatMap((plan) => {
    const job = byPath.get(plan.path);
    return job === undefined ? [] : [{ plan, job }];
  });
}
