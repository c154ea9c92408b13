import { UserError } from "../jobspec";
import { learnStack, readContents, readForeignContents, withSynthesis, type StackContents } from "../operations";
import { block, term } from "../text";
import { clients, isEmbedded, localCluster, type CliContext } from "./context";
import { checkCluster, whereText } from "./meant-cluster";
import type { OpenStack } from "./open-stack";

/** What names a stack on the command line, and gives its variables values. */
export interface NamedStack {
  readonly environment: string;
  readonly var?: Readonly<Record<string, string>>;
}

/** A stack that a command is to change something of. */
export interface StackToChange extends NamedStack {
  /** Whether it is changed past Terraform, where it is Terraform's. Default: it is refused. */
  readonly direct?: boolean;
  /** Whether it may go to another cluster than the last time. Default: it is refused. */
  readonly toNewCluster?: boolean;
}

/**
 * Reads a stack out of a folder that somebody else's program was synthesized into, runs something with it and the clients of its cluster,
 * and lets go of them. Nothing of that program is run.
 */
export async function withForeignStack<T>(
  { environment, var: variables = {} }: NamedStack,
  folder: string,
  context: CliContext,
  run: (stack: OpenStack) => Promise<T>,
): Promise<T> {
  const { terminal } = context;
  const contents = readForeignContents(folder, environment, variables);
  learnStack(terminal.masking, contents);
  const { unknown } = contents;
  const more = unknown.length > 10 ? term` and ${unknown.length - 10} more` : term``;
  if (unknown.length > 0)
    terminal.note(
      term`values of variables that are not known here: ${unknown.slice(0, 10).join(", ")}${more}; what depends on them shows as changed`,
    );
  const { nomad, consul } = clients(context, localCluster(context).cluster);
  try {
    sayWhere({ nomad, consul }, context);
    return await run({ environment, contents, nomad, consul });
  } finally {
    terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/**
 * Runs the project's program and reads a stack of it. What the program said is told, and what the stack hides is hidden from then on.
 *
 * @throws UserError where the program fails, or has no such stack
 */
export async function readOwnStack(
  { environment, var: variables = {} }: NamedStack,
  context: CliContext,
): Promise<StackContents> {
  const { terminal, signal } = context;
  const env: CliContext["env"] = { ...context.env, CDK_NOMAD_COMMAND: context.command };
  const { project, cluster } = localCluster(context);
  // Values that are refused are told of before the stack says which of them are secret.
  terminal.masking.learn(variables);
  terminal.progress().step("synthesizing");
  const own = { ...(isEmbedded(env, cluster) ? cluster.surroundings() : {}), ...env };
  return withSynthesis({ project, env: own, signal }, async (outdir, said) => {
    const read = readContents(outdir, environment, { variables, env });
    learnStack(terminal.masking, read);
    if (said !== "") terminal.note(block(said));
    return read;
  });
}

/** Synthesizes a stack, runs something with it that only looks, and the clients of its cluster, and lets go of them. */
export async function withStack<T>(
  named: NamedStack,
  context: CliContext,
  run: (stack: OpenStack) => Promise<T>,
): Promise<T> {
  const { nomad, consul } = clients(context, localCluster(context).cluster);
  try {
    const contents = await readOwnStack(named, context);
    sayWhere({ nomad, consul }, context);
    return await run({ environment: named.environment, contents, nomad, consul });
  } finally {
    context.terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/**
 * As {@link withStack}, for a command that changes something of the stack on its cluster: nothing is asked of a server before it is clear
 * that this is the command's to do.
 *
 * @param options `instead`: the command of Terraform that does it. Default: it has none. `brings`: whether the stack is there afterwards. Default:
 *   only what is there is changed
 * @throws UserError where the stack is Terraform's, and nobody said to go past it; where the cluster is another one than the stack is for
 */
export async function withStackToChange<T>(
  named: StackToChange,
  context: CliContext,
  run: (stack: OpenStack) => Promise<T>,
  { instead, brings = false }: { readonly instead?: "deploy" | "destroy"; readonly brings?: boolean } = {},
): Promise<T> {
  return withStack(named, context, async (stack) => {
    refuseTerraforms(stack, named.direct === true, instead);
    const keepWhere = await checkCluster(stack, { toNewCluster: named.toNewCluster }, context);
    const end = await run(stack);
    if (brings) keepWhere();
    return end;
  });
}

/** Refuses a stack that Terraform brings: what is changed past it, its state does not know. */
function refuseTerraforms({ environment, contents }: OpenStack, direct: boolean, instead: string | undefined): void {
  if (contents.declared.owner !== "terraform" || direct) return;
  const way = instead === undefined ? "write --direct" : `write: npx cdktf ${instead} ${environment}, or --direct`;
  throw UserError.at(environment, `goes through Terraform, with its state and its lock; ${way} to go past it`, "owner");
}

/** Says which servers a command talks to, before it asks or changes anything: no address has credentials. */
function sayWhere(clients: Pick<OpenStack, "nomad" | "consul">, context: CliContext): void {
  context.terminal.note(term`  ${whereText(clients, context)}`);
}
