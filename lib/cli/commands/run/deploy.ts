import { resolve } from "node:path";
import {
  deploy as deployStack,
  listServices,
  readPreviewFile,
  refuseOthersJobs,
  refuseLargeRecord,
  refuseTerraformOnly,
  refuseToStopInPlace,
  desiredRecord,
  type DeployOptions,
  type JobOutcome,
  type Owners,
  type ServiceRow,
} from "../../../operations";
import { term } from "../../../text";
import { STAND_IN } from "../../../job-parts";
import { localCluster, type CliContext } from "../../context";
import { chooseGenerations } from "../../chosen-generations";
import { DrainedPools } from "../../drained-pools";
import { refuseToEndLeases } from "../../ended-leases";
import { checkLocalCapacity } from "../../local-capacity";
import { serviceTable } from "../../service-table";
import { ensureServiceToken, wantServiceToken } from "../../service-tokens";
import type { OpenStack } from "../../open-stack";
import { identityOf } from "../../own-stack";
import { Pruning, type Pruned } from "../../pruning";
import { ATTENTION } from "../../symbols";
import { ownersOf, unknownText } from "../../stack-owners";
import { withStackToChange } from "../../stack";
import { outcomesJson, whileWatching } from "../../watching";
import { adviseRollback, rollbackTargets } from "../../rollback-advice";
import type { Input } from "../deploy";

/** Brings an environment to a cluster through Nomad's API, and watches it until it is healthy. */
export function run(input: Input, context: CliContext) {
  return deployEnvironment(input, context);
}

/** What deploying takes of the command line; all but the stack may be left out. */
type DeployInput = Pick<Input, "environment"> & Partial<Input>;

/** How a stack is deployed as a part of something else. */
interface Deploying {
  /**
   * What is taken for inputs that are not given: the program's own values, which is refused where that changes what runs; or those of the last deployment.
   *
   * Default: `given`.
   */
  readonly takes?: "given" | "recorded";
  /** Called with the stack before it is brought. */
  readonly onStack?: (stack: OpenStack) => void;
}

/** Deploys an environment, also for a command that does so as a part of its work, such as `start`. */
export async function deployEnvironment(
  input: DeployInput,
  context: CliContext,
  { takes = "given", onStack }: Deploying = {},
) {
  const { environment: name, canaryWeight: weight } = input;
  const expected =
    input.preview === undefined
      ? undefined
      : await readPreviewFile(resolve(context.cwd, input.preview), name, context.signal);
  const bring = async (stack: OpenStack, _owners: Owners, begin: () => Promise<void>) => {
    onStack?.(stack);
    refuseTerraformOnly(stack.contents, name);
    const record = desiredRecord(stack.contents, identityOf(name, context));
    refuseLargeRecord(record);
    await checkLocalCapacity(stack, context);
    const { project } = localCluster(context);
    const jobs = stack.contents.objects.flatMap((item) => (item.kind === "job" ? [item.job] : []));
    // A service that found no tokens would answer nobody.
    if (wantServiceToken(project, jobs)) ensureServiceToken(project);
    for (const left of record.leftOut)
      context.terminal.note(
        term`${ATTENTION} the value of ${left} has the form of a secret, and is not recorded: declare the variable sensitive`,
      );
    const pruning = new Pruning(stack, record.content, input, context);
    const permit: DeployOptions["permit"] = async (planned) => {
      // Read after planning: a deployment of the same stack that was faster has recorded its jobs before it registered them.
      const owners = await ownersOf(stack, context, { again: true });
      for (const what of unknownText(name, owners)) context.terminal.note(term`${ATTENTION} ${what}`);
      await refuseOthersJobs(planned, {
        nomad: stack.nomad,
        owners,
        project: record.project,
        adopt: input.adopt === true,
        onTaken: (text) => context.terminal.note(term`${ATTENTION} ${text}`),
      });
      refuseToStopInPlace(planned, input);
      const clients = { ...stack, signal: context.signal };
      await refuseToEndLeases(planned, clients, input, context);
      // Before it is brought: an old job that comes back is on its way out until then.
      const own = planned.map(({ job }) => job);
      await chooseGenerations(own, clients, context);
      await begin();
    };
    const { outcomes, code } = await whileWatching(stack, input, context, (handlers) =>
      deployStack(stack.contents.objects, {
        ...handlers,
        expected,
        canaryWeight: weight,
        force: input.force,
        permit,
        record,
        prune: pruning.prune,
      }),
    );
    pruning.say();
    await report(outcomes, stack, input, pruning.done, context);
    return code;
  };
  return withStackToChange(input, context, bring, {
    instead: "deploy",
    brings: true,
    judgesOthers: true,
    takes,
    defaults: input.defaults,
  });
}

async function report(
  outcomes: readonly JobOutcome[],
  stack: OpenStack,
  { detach, json, direct }: DeployInput,
  strays: Pruned,
  context: CliContext,
): Promise<void> {
  const { terminal } = context;
  const { environment: name, nomad, consul } = stack;
  const targets = await rollbackTargets(outcomes, stack, context);
  const drained = await DrainedPools.of(
    outcomes.map(({ job }) => job),
    { nomad, consul },
  );
  const services: readonly ServiceRow[] = detach
    ? []
    : drained.services(
        (await Promise.all(outcomes.map(({ job }) => listServices(job, { nomad, consul }, STAND_IN)))).flat(),
      );
  if (json) {
    const backTo = new Map(targets.map(({ job, to }) => [job, { rollbackTo: to }]));
    const jobs = outcomesJson(outcomes).map((job) => ({
      ...job,
      ...drained.of(job.id),
      ...(job.result === "failed" ? backTo.get(job.id) : {}),
    }));
    terminal.json({ environment: name, jobs, services, strays });
    return;
  }
  if (services.length > 0 && outcomes.every(({ result }) => result !== "failed"))
    terminal.print(term`\n${serviceTable(services)}`);
  for (const words of drained.words(outcomes.map(({ view }) => view))) terminal.note(words);
  adviseRollback(targets, { environment: name, direct }, context);
}
