import { UserError } from "../errors";
import {
  changedValues,
  knownBy,
  learnStack,
  readContents,
  readDeclaration,
  rememberedEnvironmentVariables,
  rememberedVariables,
  variablesAsBefore,
  desiredRecord,
  withSynthesis,
  type StackContents,
  type StackDeclaration,
} from "../operations";
import {
  projectIdentity,
  projectName,
  without,
  type NamedStackIdentity,
  type RecordContent,
  type StackIdentity,
  type StackRecord,
} from "../stack-record";
import { block } from "../text";
import { isEmbedded, localCluster, type CliContext } from "./context";

/** What names a stack on the command line, and gives its variables values. */
export interface NamedStack {
  readonly environment: string;
  readonly var?: Readonly<Record<string, string>>;
}

/** Inputs of the last deployment of a stack that are not given now. */
export interface Remembered {
  /** Values of variables, as `--var` gives them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of environment variables, by their names. */
  readonly environmentVariables: Readonly<Record<string, string>>;
}

/** A stack that was read in two ways, where there are two. */
export interface ReadStack {
  /** As it comes out with the inputs that are given now. Absent where a variable has no value then. */
  readonly given?: StackContents;
  /** As it comes out with the inputs of the last deployment in the place of those that are not given now; the same where nothing is remembered. */
  readonly recalled: StackContents;
  readonly remembered: Remembered;
  /**
   * As it comes out with all that the record of the last deployment has, its variables and its environment variables. Absent where nothing depends on it, and where it
   * does not come out so any more.
   */
  readonly asBefore?: StackContents;
  /** The environment variables that the program looks at, as they are now. */
  readonly environmentVariables: RecordContent["environmentVariables"];
}

/** Which record is that of a stack of the project that a command runs in. */
export function identityOf(environment: string, context: Pick<CliContext, "cwd">): NamedStackIdentity {
  const { project } = localCluster(context);
  const name = projectName(project);
  return { project: projectIdentity(project), environment, ...(name === undefined ? {} : { projectName: name }) };
}

/**
 * Runs the project's program and reads a stack of it. The program's output is passed on, and what the stack hides is hidden from then on.
 *
 * @throws UserError where the program fails, or has no such stack
 */
export async function readOwnStack(named: NamedStack, context: CliContext): Promise<StackContents> {
  return (await readRemembering(named, context, async () => undefined)).recalled;
}

/**
 * As {@link readOwnStack}, with what is remembered of the last deployment. Where other environment variables are remembered, the program is run once more, with
 * them: only names that it looks at itself are taken.
 *
 * @param named `brings`: whether the stack is deployed: then what this machine has more than that of the last deployment, such as images, is taken
 * @param recall gives the stack's record, once it is known what the stack says of itself; undefined where nothing is known
 */
export async function readRemembering(
  { environment, var: variables = {}, brings = false }: NamedStack & { readonly brings?: boolean },
  context: CliContext,
  recall: (declaration: StackDeclaration) => Promise<StackRecord | undefined>,
): Promise<ReadStack> {
  const { env, terminal } = context;
  // Values that are refused are told of before the stack says which of them are secret.
  terminal.masking.learn(variables);
  terminal.progress().step("synthesizing");
  return synthesizing(environment, context, {}, async (outdir, output) => {
    const declaration = readDeclaration(outdir, environment);
    const record = await recall(declaration);
    const taken = record ? rememberedVariables(record, declaration.variables, { variables, env }) : {};
    const read = (folder: string, more: Readonly<Record<string, string>>): StackContents => {
      const contents = readContents(folder, environment, { variables: { ...more, ...variables }, env });
      learnStack(terminal.masking, contents);
      return contents;
    };
    const recalled = read(outdir, taken);
    if (output !== "") terminal.note(block(output));
    const now = desiredRecord(recalled, identityOf(environment, context)).content.environmentVariables;
    const environmentVariables = record ? rememberedEnvironmentVariables(record, now, { env }, !brings) : {};
    const remembered = { variables: taken, environmentVariables };
    // A variable without a default has no value but the one that is remembered.
    const isWhole = Object.keys(taken).every((name) => declaration.variables[name]?.default !== undefined);
    const plain = Object.keys(taken).length === 0 ? recalled : isWhole ? read(outdir, {}) : undefined;
    const more = plain === undefined ? {} : { given: plain };
    const found: ReadStack =
      Object.keys(environmentVariables).length === 0
        ? { ...more, recalled, remembered, environmentVariables: now }
        : await synthesizing(environment, context, environmentVariables, async (folder) => ({
            ...more,
            recalled: read(folder, taken),
            remembered,
            environmentVariables: now,
          }));
    if (!record || !mayLackOthers(record, found, identityOf(environment, context))) return found;
    const asBefore = await readAsBefore(outdir, { environment, record, declaration, now, variables }, context);
    return asBefore ? { ...found, asBefore } : found;
  });
}

/** Whether a stack lacks something that its record has, and came out with other values than that tells of. */
function mayLackOthers(record: StackRecord, { given, recalled }: ReadStack, identity: StackIdentity): boolean {
  return [recalled, ...(given ? [given] : [])].some((contents) => {
    const { content } = desiredRecord(contents, identity);
    if (changedValues(record, content) === undefined) return false;
    const known = knownBy(record);
    return without(known.jobs, content.jobs).length + without(known.consul, content.consul).length > 0;
  });
}

/** What {@link readAsBefore} takes. */
interface BeforeOptions {
  readonly environment: string;
  readonly record: StackRecord;
  readonly declaration: StackDeclaration;
  /** The environment variables that the program looks at, as they are now. */
  readonly now: RecordContent["environmentVariables"];
  /** Values of variables that are given now. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Reads the stack as the program of today brings it with the variables and the environment variables of a record; undefined where it does not. */
async function readAsBefore(
  outdir: string,
  { environment, record, declaration, now, variables: given }: BeforeOptions,
  context: CliContext,
): Promise<StackContents | undefined> {
  const before = (name: string) =>
    (Object.hasOwn(record.environmentVariables, name) ? record.environmentVariables[name] : null) ?? null;
  const variables = variablesAsBefore(record, declaration.variables, given);
  const read = (folder: string) => {
    const contents = readContents(folder, environment, { variables, env: context.env });
    learnStack(context.terminal.masking, contents);
    return contents;
  };
  const isAsBefore = (environmentVariables: RecordContent["environmentVariables"]) =>
    Object.entries(environmentVariables).every(([name, value]) => value === before(name));
  try {
    if (isAsBefore(now)) return read(outdir);
    // Only names that the program itself looks at are taken.
    const environmentVariables = Object.fromEntries(Object.keys(now).map((name) => [name, before(name) ?? undefined]));
    return await synthesizing(environment, context, environmentVariables, async (folder) => {
      const contents = read(folder);
      // What a program finds out by itself may be otherwise all the same.
      const { content } = desiredRecord(contents, identityOf(environment, context));
      return isAsBefore(content.environmentVariables) ? contents : undefined;
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Runs the program in what surrounds the command, and more. */
async function synthesizing<T>(
  environment: string,
  context: CliContext,
  more: Readonly<Record<string, string | undefined>>,
  run: (outdir: string, output: string) => Promise<T>,
): Promise<T> {
  const { project, cluster } = localCluster(context);
  const own = isEmbedded(context.env, cluster) ? cluster.programVariables() : {};
  const command = { CDK_NOMAD_COMMAND: context.command, CDK_NOMAD_STACK: environment };
  const env = { ...own, ...context.env, ...command, ...more };
  return withSynthesis({ project, env, signal: context.signal }, run);
}
