import { UserError } from "../errors";
import { NoEnvironment } from "../errors";
import {
  FOREIGN_LIMITS,
  foreignJobs,
  learnStack,
  readDeclaration,
  readForeignContents,
  rememberedVariables,
  type Owners,
  type StackDeclaration,
  type VariableDeclaration,
} from "../operations";
import { isRecordable, PLACE_VARIABLES, type StackRecord } from "../stack-record";
import { shellQuoted, term } from "../text";
import { clients, localCluster, refuseConsulOfAnother, type CliContext } from "./context";
import { checkCluster, sayWhere } from "./meant-cluster";
import type { OpenStack } from "./open-stack";
import { identityOf, readRemembering, type NamedStack } from "./own-stack";
import { asGiven, recallRecord, sayTaken } from "./remembered";
import { ATTENTION } from "./symbols";
import { ownersOf, unknownText, withoutForeign } from "./stack-owners";

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
  const { nomad, consul } = clients(context, localCluster(context).cluster);
  try {
    sayWhere({ nomad, consul }, context);
    const { store, variables: declared } = readDeclaration(folder, environment, FOREIGN_LIMITS);
    // The project is this one, whatever somebody else's program calls itself.
    const place = { ...identityOf(environment, context), store };
    // Nothing is asked for a stack that can take nothing of it.
    const isOpen = ([name, { sensitive }]: [string, VariableDeclaration]) =>
      isRecordable(name, { sensitive }) && !Object.hasOwn(variables, name);
    const recorded = Object.entries(declared).some(isOpen)
      ? await recallRecord(place, { nomad, consul }, context)
      : undefined;
    const record = recorded?.kind === "found" ? recorded.record : undefined;
    const taken = record ? rememberedVariables(record, declared, { variables, env: {} }) : {};
    sayTaken({ variables: taken, environmentVariables: {} }, context);
    const recalled =
      Object.keys(taken).length === 0 ? contents : readForeignContents(folder, environment, { ...taken, ...variables });
    learnStack(terminal.masking, recalled);
    const { unknown } = recalled;
    const more = unknown.length > 10 ? term` and ${unknown.length - 10} more` : term``;
    if (unknown.length > 0)
      terminal.note(
        term`values of variables that are not known here: ${unknown.slice(0, 10).join(", ")}${more}; what depends on them shows as changed`,
      );
    const remembered = { variables: taken, environmentVariables: {} };
    return await run({ environment, contents: recalled, nomad, consul, recorded, remembered });
  } finally {
    terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** How a stack is read for a command. */
interface Opening {
  /** Looks at what the stack says of itself, before any server is asked. */
  readonly check?: (declared: StackDeclaration["declared"]) => void;
  /**
   * `recorded`: inputs that are not given are those of the last deployment; `given`: they are the program's own, which is refused where that changes what runs.
   *
   * Default: `recorded`.
   */
  readonly takes?: "recorded" | "given";
  /** With `given`: whether it is not refused. */
  readonly defaults?: boolean;
  /** Whether the stack is there afterwards. Default: only what is there is looked at, or changed. */
  readonly brings?: boolean;
}

/**
 * Synthesizes a stack, runs something with it that only looks, and the clients of its cluster, and lets go of them. Variables and environment variables
 * that are not given are those of the last deployment, and a line tells which.
 */
export async function withStack<T>(
  named: NamedStack,
  context: CliContext,
  run: (stack: OpenStack) => Promise<T>,
  { check, takes = "recorded", defaults = false, brings = false }: Opening = {},
): Promise<T> {
  const { environment } = named;
  const { nomad, consul } = clients(context, localCluster(context).cluster);
  try {
    let recorded: OpenStack["recorded"];
    const read = await readRemembering({ ...named, brings }, context, async ({ declared, store, project }) => {
      check?.(declared);
      if (store === "consul") refuseConsulOfAnother(environment, context);
      sayWhere({ nomad, consul }, context);
      const identity = identityOf(environment, context);
      const place = { ...identity, store, project: project ?? identity.project };
      recorded = await recallRecord(place, { nomad, consul }, context);
      return recorded.kind === "found" ? recorded.record : undefined;
    });
    const isDeployed = takes === "given";
    const before = recorded?.kind === "found" ? placeBefore(recorded.record, context.env) : {};
    if (isDeployed && !defaults) refuseOtherPlace(environment, before);
    const there = isDeployed ? nomad : nomad.where({ Namespace: before.NOMAD_NAMESPACE, Region: before.NOMAD_REGION });
    if (!isDeployed) sayTaken({ variables: {}, environmentVariables: before }, context);
    if (!isDeployed) sayTaken(read.remembered, context);
    const contents = isDeployed ? await asGiven(read, { environment, nomad, defaults }, context) : read.recalled;
    const { remembered, asBefore } = read;
    return await run({
      environment,
      contents,
      nomad: there,
      consul,
      recorded,
      remembered,
      ...(asBefore === undefined ? {} : { asBefore }),
    });
  } finally {
    context.terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** Where jobs went at the last deployment that do not say it, where nobody says it now. */
function placeBefore(record: StackRecord, env: CliContext["env"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(PLACE_VARIABLES).flatMap((name) => {
      const value = Object.hasOwn(record.environmentVariables, name) ? record.environmentVariables[name] : undefined;
      return value && !env[name] ? [[name, value]] : [];
    }),
  );
}

/** Refuses to bring jobs to another namespace or region than the last time, only since a variable is not set. */
function refuseOtherPlace(environment: string, before: Readonly<Record<string, string>>): void {
  const problems = Object.entries(before).map(([name, value]) => ({
    rule: "remembered",
    path: [environment, name],
    message: `was ${value} at the last deployment, and is not set, which brings the jobs elsewhere; write ${name}=${shellQuoted(value)} before the command to keep it, or --defaults to go on without`,
    severity: "error" as const,
  }));
  if (problems.length > 0) throw new UserError(problems);
}

/**
 * As {@link withStack}, for a command that changes something of the stack on its cluster: nothing is asked of a server before it is clear
 * that this is the command's to do.
 *
 * @param run a command that brings the stack calls `begin` before its first write: where the stack goes is kept from then on
 * @throws UserError where the stack is Terraform's, and nobody said to go past it; where the cluster is another one than the stack is for
 */
export async function withStackToChange<T>(
  named: StackToChange,
  context: CliContext,
  run: (stack: OpenStack, owners: Owners, begin: () => Promise<void>) => Promise<T>,
  { instead, brings = false, judgesOthers = false, orRecorded = false, ...opening }: Changing = {},
): Promise<T> {
  const change = async (stack: OpenStack) => {
    const owners = await ownersOf(stack, context);
    const isRecorded = owners.own.kind === "unreadable" ? "unknown" : owners.own.kind === "found";
    const begin = await checkCluster(stack, { toNewCluster: named.toNewCluster, isRecorded, brings }, context);
    if (!judgesOthers)
      for (const what of unknownText(named.environment, owners)) context.terminal.note(term`${ATTENTION} ${what}`);
    return run(judgesOthers ? stack : leaveOthers(stack, owners, context), owners, begin);
  };
  const check: Opening["check"] = (declared) =>
    refuseTerraforms(named.environment, declared, named.direct === true, instead);
  try {
    return await withStack(named, context, change, { ...opening, brings, check });
  } catch (error) {
    if (!(error instanceof NoEnvironment) || !orRecorded) throw error;
    return withRecordedStack(named, context, change, { check, error });
  }
}

/** Runs something with a stack that the program has no longer, of which nothing is known but its record. */
async function withRecordedStack<T>(
  { environment }: NamedStack,
  context: CliContext,
  run: (stack: OpenStack) => Promise<T>,
  { check, error }: { readonly check: NonNullable<Opening["check"]>; readonly error: UserError },
): Promise<T> {
  const { nomad, consul } = clients(context, localCluster(context).cluster);
  try {
    const place = { ...identityOf(environment, context), store: "consul" as const };
    const recorded = await recallRecord(place, { nomad, consul }, context);
    if (recorded.kind !== "found") throw error;
    const { record } = recorded;
    const declared = { owner: record.owner };
    check(declared);
    sayWhere({ nomad, consul }, context);
    const before = placeBefore(record, context.env);
    sayTaken({ variables: {}, environmentVariables: before }, context);
    context.terminal.note(
      term`${ATTENTION} the program has no stack ${environment} any more: what its record has is gone by`,
    );
    const there = nomad.where({ Namespace: before.NOMAD_NAMESPACE, Region: before.NOMAD_REGION });
    const contents = { objects: [], terraformOnly: [], declared, sensitive: [], reached: [] };
    const remembered = { variables: {}, environmentVariables: {} };
    return await run({ environment, contents, nomad: there, consul, recorded, remembered });
  } finally {
    context.terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** What a command is that changes something of a stack. */
interface Changing extends Omit<Opening, "check"> {
  /** The command of Terraform that does it. Default: it has none. */
  readonly instead?: "deploy" | "destroy";
  /** Whether the command judges jobs itself that another stack brought. Default: it does not get to see them. */
  readonly judgesOthers?: boolean;
  /** Whether a stack that the program has no longer is gone by its record. Default: it is refused. */
  readonly orRecorded?: boolean;
}

/** A stack without the jobs that another one brought: nobody changes those in its name. */
function leaveOthers(stack: OpenStack, owners: Owners, context: CliContext): OpenStack {
  const { contents } = stack;
  const foreign = foreignJobs(contents, owners, identityOf(stack.environment, context).project);
  for (const { id, owner } of foreign)
    context.terminal.note(term`${ATTENTION} ${id} is a job of ${owner}, and is left as it is`);
  return { ...stack, contents: withoutForeign(contents, foreign) };
}

/** Refuses a stack that Terraform brings: what is changed past it, its state does not know. */
function refuseTerraforms(
  environment: string,
  { owner }: StackDeclaration["declared"],
  direct: boolean,
  instead: string | undefined,
): void {
  if (owner !== "terraform" || direct) return;
  const way = instead === undefined ? "write --direct" : `write: npx cdktf ${instead} ${environment}, or --direct`;
  throw UserError.at(environment, `goes through Terraform, with its state and its lock; ${way} to go past it`, "owner");
}
