import {
  findLeftovers,
  findStrays,
  foreignJobs,
  isRegisteredFor,
  knownBy,
  ownerOf,
  readOwners,
  settleRecord,
  desiredRecord,
  type Drift,
  type ForeignJob,
  type FoundLeftovers,
  type FoundStrays,
  type JudgedRemains,
  type KeptInConsul,
  type Owners,
  type Preview,
  type Stray,
  type StackObject,
} from "../operations";
import { UserError } from "../errors";
import { poolOfJob, whereOf } from "../nomad";
import { standingLeases } from "../pools";
import { shellQuoted, term, wrap, type TerminalText } from "../text";
import type { CliContext } from "./context";
import { judgePruning, whyNotKnown, type PruneInput } from "./prune-verdicts";
import type { OpenStack } from "./open-stack";
import { identityOf } from "./own-stack";
import { thingInConsul } from "./plan-words";
import { askPoolStores, type PoolClients } from "./pool-stores";
import { ATTENTION } from "./symbols";

/**
 * Reads whose jobs a cluster has, as far as records tell, for one stack.
 *
 * @param again whether the stack's own record is read once more, since another deployment may have written it meanwhile. Default: as it was read when
 * the stack was opened
 */
export async function ownersOf(
  stack: OpenStack,
  context: CliContext,
  { again = false }: { readonly again?: boolean } = {},
): Promise<Owners> {
  const { contents, nomad, consul } = stack;
  // What somebody else's program says that it is called is nothing to go by.
  const own = "unknown" in contents ? { ...contents, record: undefined } : contents;
  const place = desiredRecord(own, identityOf(stack.environment, context));
  return readOwners(place, { nomad, consul, signal: context.signal }, again ? undefined : stack.recorded);
}

/** What a stack brought and its program has no longer, and what of its program is another stack's. */
export interface Belongings extends Pick<FoundStrays, "strays" | "kept">, Pick<FoundLeftovers, "leftovers"> {
  readonly keptInConsul: readonly KeptInConsul[];
  readonly foreign: readonly ForeignJob[];
  /** What is not known, and why, as sentences: records of the stack, or of others, that cannot be read. */
  readonly unknown: readonly string[];
}

/** Holds the record of a stack against its program and the cluster. */
export async function belongingsOf(stack: OpenStack, owners: Owners, context: CliContext): Promise<Belongings> {
  const { contents, nomad, consul } = stack;
  const { own, otherStacks } = owners;
  const foreign = foreignJobs(contents, owners, identityOf(stack.environment, context).project);
  const unknown = unknownText(stack.environment, owners);
  if (own.kind !== "found") return { strays: [], kept: [], leftovers: [], keptInConsul: [], foreign, unknown };
  const { signal } = context;
  const leased = async (pool: string) => whyLeased(pool, { ...stack, signal });
  // As a deployment looks for them: what only the record says is told as that.
  const options = { nomad, contents, owners, stack: own.record, signal, leased };
  const known = knownBy(own.record);
  const [{ strays, kept }, inConsul] = await Promise.all([
    findStrays(known.jobs, options),
    findLeftovers(known.consul, { consul, contents, otherStacks, signal }),
  ]);
  return { strays, kept, leftovers: inConsul.leftovers, keptInConsul: inConsul.kept, foreign, unknown };
}

/** Who brought those of a program's jobs that are another stack's, by the paths of the jobs. */
export function othersJobs(
  { contents, environment }: OpenStack,
  owners: Owners,
  context: CliContext,
): ReadonlyMap<string, string> {
  const foreign = foreignJobs(contents, owners, identityOf(environment, context).project);
  return new Map(foreign.map(({ path, owner }) => [path, owner]));
}

/** What records do not tell, as sentences. */
export function unknownText(environment: string, { own, unread }: Pick<Owners, "own" | "unread">): readonly string[] {
  return [
    ...(own.kind === "unreadable"
      ? [`the record of ${environment} cannot be read, so nothing is known of strays: ${own.reason}`]
      : []),
    ...(unread.length > 0
      ? [`records of other stacks cannot be read, so it is not known which jobs are theirs: ${unread.join("; ")}`]
      : []),
  ];
}

/** Why containers of a pool are nobody's to stop; undefined where they are. */
export async function whyLeased(pool: string, clients: PoolClients): Promise<string | undefined> {
  const answers = await askPoolStores([pool], clients, async (store, name, options) => {
    const leases = await standingLeases(store, name, options);
    return leases.length > 0 ? { leases } : undefined;
  });
  const answer = answers.get(pool);
  if (answer === undefined) return undefined;
  if ("unknown" in answer) return `whether somebody leases some of it is not known: ${answer.unknown}`;
  const { length } = answer.leases;
  return length === 1 ? "1 lease of it goes on" : `${length} leases of it go on`;
}

/** A preview with what a deployment does with what the program has no longer, and the jobs that another stack brought. */
export async function withStrays(
  preview: Preview,
  stack: OpenStack,
  owners: Owners,
  context: CliContext,
  prune: PruneInput = {},
): Promise<Preview> {
  const belongings = await belongingsOf(stack, owners, context);
  for (const line of belongingsText({ ...belongings, ...NOTHING_OF_ITS_OWN }, preview.environment))
    context.terminal.note(line);
  const judged = judgedRemains(belongings, owners, stack, { context, prune });
  const strays = [
    ...judged.strays.map((stray) => ({
      ...placed(stray),
      ...(stray.reason === undefined ? { change: "stop" as const } : { change: "keep" as const, reason: stray.reason }),
    })),
    ...belongings.kept.map((stray) => ({ ...placed(stray), change: "keep" as const, reason: stray.reason })),
  ];
  const leftovers = [
    ...judged.leftovers.map(({ kind, name, reason }) =>
      reason === undefined
        ? { kind, name, change: "remove" as const }
        : { kind, name, change: "keep" as const, reason },
    ),
    ...belongings.keptInConsul.map((item) => ({ ...item, change: "keep" as const })),
  ];
  const foreign = belongings.foreign.map((job) => ({ ...placed(job), owner: job.owner }));
  return { ...preview, strays, leftovers, ...(foreign.length > 0 ? { foreign } : {}), ...unknownOf(belongings) };
}

/** Drift with what the program has no longer, and the jobs that another stack brought. */
export function withBelongings(drift: Drift, belongings: Belongings): Drift {
  const { strays, leftovers, foreign } = belongings;
  return {
    ...drift,
    strays: strays.map(placed),
    leftovers,
    foreign: foreign.map((job) => ({ ...placed(job), owner: job.owner })),
    ...unknownOf(belongings),
  };
}

/** What is not known, for a report: absent where all is. */
function unknownOf({ unknown }: Belongings): { readonly unknown?: readonly string[] } {
  return unknown.length > 0 ? { unknown } : {};
}

function placed({ id, region, namespace }: Stray) {
  return {
    job: id,
    ...(region === undefined ? {} : { region }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** What a deployment takes away of what the program has no longer, and what it keeps unasked. */
function judgedRemains(
  remains: Pick<Belongings, "strays" | "kept" | "leftovers">,
  owners: Owners,
  { contents, environment, asBefore }: OpenStack,
  { context, prune }: { readonly context: CliContext; readonly prune: PruneInput },
): JudgedRemains {
  const { own, names } = owners;
  if (own.kind !== "found") return remains;
  // Of somebody else's program it is not known what it was run with.
  const isForeign = "unknown" in contents;
  const { content } = desiredRecord(contents, identityOf(environment, context));
  const options = { before: own.record, now: isForeign ? own.record : content, asBefore, names };
  return judgePruning(remains, options, { ...prune, whyNot: whyNotKnown(owners) });
}

/** Contents of a stack without the jobs that another stack brought. */
export function withoutForeign<C extends OpenStack["contents"]>(contents: C, foreign: readonly ForeignJob[]): C {
  const paths = new Set(foreign.map(({ path }) => path));
  return { ...contents, objects: contents.objects.filter(({ path }) => !paths.has(path)) };
}

const NOTHING_OF_ITS_OWN = { strays: [], kept: [], leftovers: [], keptInConsul: [], foreign: [] } as const;

/** What is said of a stack's belongings by a command that only looks. */
export function belongingsText(
  { strays, kept, leftovers, keptInConsul, foreign, unknown }: Belongings,
  environment: string,
): readonly TerminalText[] {
  const line = (text: TerminalText) => wrap(term`${ATTENTION} ${text}`, { hanging: 2 });
  return [
    ...strays.map(({ id, onlyRecorded }) =>
      line(
        onlyRecorded
          ? term`${id} is a stray by its record alone: the program of ${environment} has no such job, it runs, and nothing else says that ${environment} brought it`
          : term`${id} is a stray: ${environment} brought it, its program has it no longer, and it runs still`,
      ),
    ),
    ...kept.map(({ id, reason }) =>
      line(term`${id} is no longer in the program of ${environment}, and stays: ${reason}`),
    ),
    ...leftovers.map((item) =>
      line(
        term`${thingInConsul(item)} in Consul: ${environment} made it, its program has it no longer, and it is there still; cdk-nomad deploy ${shellQuoted(environment)} --prune removes it`,
      ),
    ),
    ...keptInConsul.map(({ reason, ...item }) =>
      line(term`${thingInConsul(item)} in Consul is no longer in the program of ${environment}, and stays: ${reason}`),
    ),
    ...foreign.map(({ id, owner }) => line(term`${id} is a job of ${owner}, and not of ${environment}`)),
    ...unknown.map((what) => line(term`${what}`)),
  ];
}

/**
 * A job that a stack brought once and its program has no longer, to be brought back: one that runs still, or that a deployment stopped, by the stack's
 * record. Undefined where the program has it, or it is nothing of the kind.
 *
 * @param options `adopt`: whether also one is brought back of which nothing but the record says that it is the stack's
 * @throws UserError where nothing but the record says so: whoever may write records may have named anybody's job
 */
export async function formerJob(
  stack: OpenStack,
  { job: id, adopt = false }: { readonly job?: string; readonly adopt?: boolean },
  context: CliContext,
): Promise<Extract<StackObject, { kind: "job" }> | undefined> {
  const { contents, nomad, environment } = stack;
  if (id === undefined) return undefined;
  const program = contents.objects.flatMap((item) => (item.kind === "job" ? [item.job] : []));
  if (program.some((job) => job.ID === id || poolOfJob(job) === id)) return undefined;
  const { own, otherStacks, names } = await ownersOf(stack, context);
  const recorded = own.kind === "found" ? knownBy(own.record).jobs.find((job) => job.id === id) : undefined;
  const place = { Region: recorded?.region, Namespace: recorded?.namespace };
  const there = nomad.where(place);
  const held = await there.job(id);
  if (own.kind !== "found" || !held || !recorded || ownerOf(recorded, otherStacks, names)) return undefined;
  if (!adopt && !(await isRegisteredFor(own.record, held, there)))
    throw UserError.at(
      id,
      `nothing but the record says that ${environment} brought it, so it stays as it is; write --adopt where it is the stack's all the same`,
      "rollback/whose",
    );
  // A server names its region and its namespace where nobody did.
  return { kind: "job", path: `${environment}/${id}`, job: { ...held, ...place }, after: [] };
}

/** Writes into the record of a stack that it has a job again that its program has no longer. */
export async function recordAgain(
  { contents, nomad, consul, environment }: OpenStack,
  { job }: Extract<StackObject, { kind: "job" }>,
  context: CliContext,
): Promise<void> {
  const record = desiredRecord(contents, identityOf(environment, context));
  const brought = { jobs: [{ id: job.ID, ...whereOf(job) }], consul: [] };
  const written = await settleRecord(
    record,
    { brought, stopped: { jobs: [], consul: [] } },
    { nomad, consul, signal: context.signal },
  );
  if (written.kind === "unwritten")
    context.terminal.note(
      term`${ATTENTION} the record of ${environment} cannot be written, and does not have ${job.ID}: ${written.reason}`,
    );
}
