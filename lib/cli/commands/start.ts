import { UserError } from "../../jobspec";
import { MISSING_PROGRAM } from "../../local";
import { withoutConnections } from "../../nomad";
import { judgeStacks, wantedRecord } from "../../operations";
import { shellQuoted, style, term } from "../../text";
import { command } from "../command";
import { localCluster, type CliContext } from "../context";
import { EXIT, WATCHING_EXIT_CODES } from "../exit-codes";
import { access, portOffset, vault } from "../options";
import { clusterTable } from "./cluster-status";
import { deployEnvironment } from "./deploy";
import { checkPortsHere } from "../room-here";
import type { OpenStack } from "../open-stack";
import { identityOf, readOwnStack } from "../own-stack";
import { startCluster, warnWhereOpen } from "./up";
import { judgedText } from "./validate";
import { ownServiceToken, serviceAddress } from "../service-tokens";

/** The main job: the cluster, then the dev stack, then what to do next. */
export const start = command({
  name: "start",
  summary: "start the embedded cluster, deploy dev to it, and say what is where",
  options: { ...portOffset, ...access, ...vault },
  examples: ["cdk-nomad start", "cdk-nomad start --port-offset 1000"],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: term`the cluster goes on with what it was given: cdk-nomad status says what runs, cdk-nomad down ends it`,
  async run(input, context) {
    const { terminal, env } = context;
    await refusePortsOfDev(input, context);
    const { status, before } = await startCluster(input, context).catch(async (error: unknown) => {
      if (isMissingProgram(error)) await judgeWithoutCluster(context);
      throw error;
    });
    if (before) terminal.note(term`the cluster runs already`);
    terminal.print(clusterTable(status));
    warnWhereOpen(status, terminal);
    terminal.note(term``);
    // What decided the stack has to be said again at the next deployment, which would fall back to what the program has without it.
    let around = "";
    // The cluster that was just started is the one that is meant, whatever the variables name.
    const code = await deployEnvironment(
      { environment: "dev" },
      { ...context, env: withoutConnections(env) },
      { takes: "recorded", onStack: (stack) => void (around = saidAround(stack, context)) },
    );
    if (code !== EXIT.ok) {
      terminal.note(term`\nlook around: cdk-nomad status, cdk-nomad logs <task>; end it: cdk-nomad down`);
      return code;
    }
    const { cluster, project } = localCluster(context);
    const addresses = cluster.addresses();
    const token = ownServiceToken(project);
    const next = [
      ["npx cdk-nomad logs prism-admin -f", "what the admin writes"],
      [`${around}npx cdk-nomad deploy dev`, "after a change in stacks/dev.ts"],
      ["npx cdk-nomad status", "what runs"],
      ["npx cdk-nomad pool status", "the pools of containers that wait"],
      ["eval $(npx cdk-nomad env)", "point nomad, consul, cdktf and cdk-nomad pool at it"],
      ["npx cdk-nomad ui", "Nomad's UI in the browser, logged in"],
      ["npx cdk-nomad down", "end all of it"],
    ] as const;
    terminal.print(
      term`\nNomad's UI      ${addresses?.nomad ?? ""}/ui/\nConsul's UI     ${addresses?.consul ?? ""}/ui/`,
    );
    if (token !== undefined) {
      terminal.print(term`pools' service  ${serviceAddress(addresses?.portOffset ?? 0)}/openapi.json`);
      terminal.print(term`its token       ${token}`);
    }
    terminal.print(term`\nnext`);
    const width = Math.max(...next.map(([line]) => line.length));
    for (const [line, why] of next) terminal.print(term`  ${line.padEnd(width)}  ${style.dim(why)}`);
    return code;
  },
});

/** Where nothing runs yet, nothing is started either while somebody else has a port of what is about to be deployed. */
async function refusePortsOfDev(
  { portOffset: offset }: { readonly portOffset?: number },
  context: CliContext,
): Promise<void> {
  if ((await localCluster(context).cluster.status()).phase !== "stopped") return;
  const moved = offset === undefined ? {} : { CDK_NOMAD_PORT_OFFSET: String(offset) };
  const env = { ...moved, ...withoutConnections(context.env) };
  await checkPortsHere(await readOwnStack({ environment: "dev" }, { ...context, env }));
}

/** What of the surroundings decided a stack, since somebody says it, or said it the last time: as it stands before a command. */
function saidAround({ contents, remembered }: OpenStack, { cwd, env }: Pick<CliContext, "cwd" | "env">): string {
  const { surroundings } = wantedRecord(contents, identityOf("dev", { cwd })).content;
  return Object.entries(surroundings)
    .filter(([name, value]) => value !== null && (env[name] === value || Object.hasOwn(remembered.surroundings, name)))
    .map(([name, value]) => `${name}=${shellQuoted(value ?? "")} `)
    .join("");
}

function isMissingProgram(error: unknown): boolean {
  return error instanceof UserError && error.problems.some(({ rule }) => rule === MISSING_PROGRAM);
}

/** What can be done where there is no Nomad: every stack is synthesized, and its jobs are judged. */
async function judgeWithoutCluster(context: CliContext): Promise<void> {
  const { terminal, env, signal } = context;
  terminal.note(term`there is no cluster to deploy to, so the stacks are synthesized and their jobs judged:`);
  for (const stack of await judgeStacks({ project: localCluster(context).project, env, signal }))
    terminal.print(judgedText(stack));
}
