import { UserError, type Problem } from "../errors";
import { NoAnswerError } from "../errors";
import { ConsulClient, NomadClient, whereOf } from "../nomad";
import {
  readRecord,
  restartedBetween,
  type RecordClients,
  type RecordPlace,
  type RecordState,
  type StackContents,
  type StackObject,
} from "../operations";
import { join, shellQuoted, term, wrap, type TerminalText } from "../text";
import type { CliContext } from "./context";
import type { ReadStack, Remembered } from "./own-stack";
import { ATTENTION } from "./symbols";

/** How long an answer about a record is waited for where it only helps, and how long all of them together, in milliseconds. */
const LONGEST = { one: 6_000, all: 10_000 };

/**
 * What is known of the record of a stack, for a command that takes from it the inputs that are not given. Nothing is printed where there is none, and one line where it cannot be read.
 */
export async function recallRecord(
  place: RecordPlace,
  { nomad, consul }: Omit<RecordClients, "signal">,
  { terminal, signal }: CliContext,
): Promise<RecordState> {
  const clients = {
    nomad: new NomadClient(nomad.http.bearing(LONGEST.one)),
    consul: new ConsulClient(consul.http.bearing(LONGEST.one)),
  };
  const state = await readRecord(place, {
    ...clients,
    signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST.all)]),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof DOMException && error.name === "TimeoutError")
      return { kind: "unreadable" as const, reason: tooSlow(place) };
    throw error;
  });
  if (state.kind !== "unreadable") return state;
  // Where nobody listens at Nomad's address either, the command says so itself, and once is enough.
  const isAway = await clients.nomad.leader().then(
    () => false,
    (error: unknown) => error instanceof NoAnswerError && error.kind === "unreached",
  );
  if (isAway) return state;
  terminal.note(
    term`${ATTENTION} what ${place.environment} was deployed with the last time cannot be read, and nothing of it is taken: ${state.reason}`,
  );
  return state;
}

function tooSlow({ store }: RecordPlace): string {
  const where = store === "consul" ? "Consul" : "Nomad's variables";
  return `it took more than ${LONGEST.all / 1000} s to ask for it; it is kept in ${where}`;
}

/** Says what is taken from the last deployment. */
export function sayTaken(remembered: Remembered, { terminal }: Pick<CliContext, "terminal">): void {
  const words = wordsOf(remembered);
  if (words.length === 0) return;
  terminal.note(
    wrap(term`  taken from the last deployment: ${join(words, term`, `)}`, {
      hanging: 2,
    }),
  );
}

function wordsOf({ variables, environmentVariables }: Remembered): readonly TerminalText[] {
  return Object.entries({ ...variables, ...environmentVariables }).map(([name, value]) => term`${name}=${value}`);
}

/** What decides about the inputs of the last deployment that are not given again. */
interface Deploying {
  readonly environment: string;
  readonly nomad: NomadClient;
  /** Whether inputs that are not given fall back to the program's own values, whatever that changes. */
  readonly defaults: boolean;
}

/**
 * The stack as it is deployed: with the inputs that are given now. An input of the last deployment that is not given now falls back to the program's own value: a line
 * tells of it, and it is refused where it changes a job that runs, unless `defaults` asks for it.
 *
 * @throws UserError with every input that is missing, and what to write
 */
export async function asGiven(
  read: ReadStack,
  deploying: Deploying,
  { terminal }: Pick<CliContext, "terminal">,
): Promise<StackContents> {
  const { given, recalled } = read;
  if (!isRemembering(read)) return recalled;
  await refuseFallbacks(read, deploying);
  for (const { name, before, now } of fallbacksOf(read))
    terminal.note(term`  ${name} falls back to ${now ?? "not being set"}; it was ${before} at the last deployment`);
  return given ?? recalled;
}

/** Refuses inputs of the last deployment that are not given now, where the program has nothing in its place, or that changes a job that runs. */
async function refuseFallbacks(read: ReadStack, { environment, nomad, defaults }: Deploying): Promise<void> {
  const { given, recalled } = read;
  const fallbacks = fallbacksOf(read);
  if (given === undefined)
    throw new UserError(
      problemsOf(
        fallbacks.filter(({ now }) => now === undefined),
        environment,
        "",
      ),
    );
  if (defaults) return;
  const changed = await running(changedJobs(given, recalled), nomad);
  const restarted = (await running(jobsThatRead(given, recalled), nomad)).filter((id) => !changed.includes(id));
  const what = changesWhat(changed, restarted);
  if (what !== "") throw new UserError(problemsOf(fallbacks, environment, what));
}

function isRemembering({ remembered: { variables, environmentVariables } }: ReadStack): boolean {
  return Object.keys(variables).length + Object.keys(environmentVariables).length > 0;
}

/** An input of the last deployment that is not given now. */
interface Fallback {
  readonly kind: "variable" | "environment variable";
  readonly name: string;
  readonly before: string;
  /** What it is now; undefined where it is nothing. */
  readonly now: string | undefined;
}

function fallbacksOf({ given, remembered, environmentVariables }: ReadStack): readonly Fallback[] {
  return [
    ...Object.entries(remembered.variables).map(([name, before]) => {
      const value = given?.variables?.[name]?.value;
      const now = value === undefined || typeof value === "string" ? value : JSON.stringify(value);
      return { kind: "variable" as const, name, before, now };
    }),
    ...Object.entries(remembered.environmentVariables).map(([name, before]) => {
      const now = environmentVariables[name] ?? undefined;
      return { kind: "environment variable" as const, name, before, now };
    }),
  ];
}

function problemsOf(fallbacks: readonly Fallback[], environment: string, what: string): readonly Problem[] {
  return fallbacks.map(({ kind, name, before, now }) => {
    const isVariable = kind === "variable";
    const keep = isVariable
      ? `--var ${name}=${shellQuoted(before)}`
      : `${name}=${shellQuoted(before)} before the command`;
    const message =
      isVariable && now === undefined
        ? `has no value, and was ${before} at the last deployment; write --var ${name}=… (--var ${name}=${shellQuoted(before)} keeps it)`
        : `was ${before} at the last deployment, and is ${now ?? "not set"} where it is not given${what}; write ${keep} to keep it, or --defaults to go on without`;
    return {
      rule: "remembered",
      path: isVariable ? [environment, "var", name] : [environment, name],
      message,
      severity: "error",
    };
  });
}

/** What becomes of jobs that run, in words; nothing where nothing does. @param restarted those of which tasks are started anew, since a key that their templates read changes */
function changesWhat(changed: readonly string[], restarted: readonly string[]): string {
  const words = [
    ...(changed.length > 0 ? [`changes ${several(changed)}`] : []),
    ...(restarted.length > 0
      ? [`restarts tasks of ${several(restarted)}, whose templates read a key that changes`]
      : []),
  ];
  return words.length === 0 ? "" : `, which ${words.join(", and ")}`;
}

function several(ids: readonly string[]): string {
  const more = ids.length > 3 ? ` and ${ids.length - 3} more` : "";
  return `${ids.slice(0, 3).join(", ")}${more}`;
}

type StackJob = Extract<StackObject, { kind: "job" }>;

/** Jobs that the inputs of now and those of the last deployment render differently, or of which one of them has none. */
function changedJobs(given: StackContents, recalled: StackContents): readonly StackJob["job"][] {
  const byName = ({ objects }: StackContents) =>
    new Map(
      objects.flatMap((item) =>
        item.kind === "job" ? [[JSON.stringify([item.job.ID, whereOf(item.job)]), item.job] as const] : [],
      ),
    );
  const [now, before] = [byName(given), byName(recalled)];
  return [...new Map([...now, ...before])].flatMap(([name, job]) =>
    JSON.stringify(now.get(name)) === JSON.stringify(before.get(name)) ? [] : [job],
  );
}

/** Jobs whose templates read a key that has another value with the inputs of now than with those of the last deployment. */
function jobsThatRead(given: StackContents, recalled: StackContents): readonly StackJob["job"][] {
  const readers = restartedBetween(recalled.objects, given.objects);
  return given.objects.flatMap((item) =>
    item.kind === "job" && readers.some(({ path }) => path === item.path) ? [item.job] : [],
  );
}

/** Those of some jobs that are on the cluster, and not stopped, by their ids. */
async function running(jobs: readonly StackJob["job"][], nomad: NomadClient): Promise<readonly string[]> {
  const held = await Promise.all(jobs.map((job) => nomad.where(job).job(job.ID)));
  const ids = jobs.flatMap((job, index) => (held[index] && held[index].Stop !== true ? [job.ID] : []));
  return [...new Set(ids)];
}
