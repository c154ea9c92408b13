import { MissingProgram } from "../../../errors";
import { NoEnvironment } from "../../../errors";
import { withoutConnections } from "../../../nomad";
import { judgeStacks, stackNames, desiredRecord, withSynthesis } from "../../../operations";
import { shellQuoted, style, term } from "../../../text";
import { clients, localCluster, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { clusterTable } from "./cluster-status";
import { deployEnvironment } from "./deploy";
import { checkLocalPorts } from "../../local-capacity";
import type { OpenStack } from "../../open-stack";
import { identityOf, readOwnStack } from "../../own-stack";
import { startCluster, warnWhereOpen } from "./up";
import { hasWebUi } from "./ui";
import { judgedText } from "./validate";
import { ownServiceToken, serviceAddress } from "../../service-tokens";
import type { Input } from "../start";

/** The main job: the cluster, then a stack, then what to do next. */
export async function run(input: Input, context: CliContext) {
  const { terminal, env } = context;
  const environment = await chooseStack(input, context);
  const { status, before } = await startCluster(input, context).catch(async (error: unknown) => {
    if (error instanceof MissingProgram) await judgeWithoutCluster(context);
    throw error;
  });
  if (before) terminal.note(term`the cluster runs already`);
  terminal.print(clusterTable(status));
  warnWhereOpen(status, terminal);
  terminal.note(term``);
  let brought: OpenStack | undefined;
  // The cluster that was just started is the one that is meant, whatever the variables name.
  const code = await deployEnvironment(
    { environment },
    { ...context, env: withoutConnections(env) },
    { takes: "recorded", onStack: (stack) => void (brought = stack) },
  );
  if (code !== EXIT.ok) {
    terminal.note(term`\nlook around: cdk-nomad status, cdk-nomad logs <task>; end it: cdk-nomad down`);
    return code;
  }
  const { cluster, project } = localCluster(context);
  const addresses = cluster.addresses();
  const token = ownServiceToken(project);
  const hasUi = await isUiHere(context);
  // What decided the stack has to be said again at the next deployment, which would fall back to what the program has without it.
  const around = brought === undefined ? "" : saidAround(brought, context);
  const task = brought === undefined ? undefined : firstTask(brought);
  const next: readonly (readonly [string, string])[] = [
    ...(task === undefined ? [] : [[`npx cdk-nomad logs ${shellQuoted(task)} -f`, "what it writes"] as const]),
    [`${around}npx cdk-nomad deploy ${shellQuoted(environment)}`, "after a change in the program"],
    ["npx cdk-nomad status", "what runs"],
    ["npx cdk-nomad pool status", "the pools of containers that wait"],
    ['eval "$(npx cdk-nomad env)"', "point nomad, consul, cdktf and cdk-nomad pool at it"],
    ...(hasUi ? [["npx cdk-nomad ui", "Nomad's UI in the browser, logged in"] as const] : []),
    ["npx cdk-nomad down", "end all of it"],
  ];
  terminal.print(term``);
  if (hasUi) terminal.print(term`Nomad's UI      ${addresses?.nomad ?? ""}/ui/`);
  terminal.print(term`Consul's UI     ${addresses?.consul ?? ""}/ui/`);
  if (token !== undefined) {
    terminal.print(term`pools' service  ${serviceAddress(addresses?.portOffset ?? 0)}/openapi.json`);
    terminal.print(term`its token       ${token}`);
  }
  terminal.print(term`\nnext`);
  const width = Math.max(...next.map(([line]) => line.length));
  for (const [line, why] of next) terminal.print(term`  ${line.padEnd(width)}  ${style.dim(why)}`);
  return code;
}

/** What is deployed where nobody names it and the program has it. */
const USUAL = "dev";

/** Which stack is meant where nobody says it. @throws UserError with those that there are */
async function usualStack({ cwd, env, signal, terminal }: CliContext): Promise<string> {
  const { project } = localCluster({ cwd });
  terminal.progress().step("synthesizing");
  const own = withoutConnections({ ...env, CDK_NOMAD_COMMAND: "start" });
  const names = await withSynthesis({ project, env: own, signal }, async (outdir) => stackNames(outdir));
  terminal.rest();
  const [only, ...others] = names;
  if (names.includes(USUAL)) return USUAL;
  if (only !== undefined && others.length === 0) return only;
  throw new NoEnvironment(
    "environment",
    `is not said, and there is no ${USUAL}; write cdk-nomad start ENVIRONMENT: ${names.join(", ") || "(the program has none)"}`,
  );
}

/** Whether the embedded cluster's Nomad has its web UI: one that was built from its sources alone has not. */
async function isUiHere(context: CliContext): Promise<boolean> {
  const { cluster } = localCluster(context);
  const { nomad, consul } = clients({ ...context, env: withoutConnections(context.env) }, cluster);
  try {
    return await hasWebUi(nomad, context.signal);
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** The first task of a stack, as an example of whose output can be read. */
function firstTask({ contents }: OpenStack): string | undefined {
  const job = contents.objects.flatMap((item) => (item.kind === "job" ? [item.job] : []))[0];
  return job?.TaskGroups?.[0]?.Tasks?.at(-1)?.Name ?? undefined;
}

/** What `start` takes of the command line that says what is deployed, and where to. */
interface Choosing {
  readonly environment?: string;
  readonly portOffset?: number;
}

/**
 * Which stack is deployed. Where nothing runs yet, nothing is started either while somebody else has a port of it.
 *
 * @throws UserError with the ports that are taken, or with the stacks that there are
 */
async function chooseStack({ environment, portOffset: offset }: Choosing, context: CliContext): Promise<string> {
  if ((await localCluster(context).cluster.status()).phase !== "stopped")
    return environment ?? (await usualStack(context));
  const moved = offset === undefined ? {} : { CDK_NOMAD_PORT_OFFSET: String(offset) };
  const env = { ...moved, ...withoutConnections(context.env) };
  const check = async (name: string) => {
    await checkLocalPorts(await readOwnStack({ environment: name }, { ...context, env }));
    return name;
  };
  try {
    return await check(environment ?? USUAL);
  } catch (error) {
    if (!(error instanceof NoEnvironment) || environment !== undefined) throw error;
    return check(await usualStack(context));
  }
}

/** The environment variables that decided a stack, since somebody says them, or said them the last time: as they stand before a command. */
function saidAround(
  { environment, contents, remembered }: OpenStack,
  { cwd, env }: Pick<CliContext, "cwd" | "env">,
): string {
  const { environmentVariables } = desiredRecord(contents, identityOf(environment, { cwd })).content;
  return Object.entries(environmentVariables)
    .filter(
      ([name, value]) =>
        value !== null && (env[name] === value || Object.hasOwn(remembered.environmentVariables, name)),
    )
    .map(([name, value]) => `${name}=${shellQuoted(value ?? "")} `)
    .join("");
}

/** What can be done where there is no Nomad: every stack is synthesized, and its jobs are judged. */
async function judgeWithoutCluster(context: CliContext): Promise<void> {
  const { terminal, env, signal } = context;
  terminal.note(term`there is no cluster to deploy to, so the stacks are synthesized and their jobs judged:`);
  for (const stack of await judgeStacks({ project: localCluster(context).project, env, signal }))
    terminal.print(judgedText(stack));
}
