import {
  jobsToAskAbout,
  listServices,
  revertInWords,
  revertToProgram,
  stackStatus,
  verdictOf,
  watchStack,
  type GroupStatus,
  type JobOutcome,
  type JobStatus,
  type ServiceRow,
  type StackVerdict,
  type StackObject,
} from "../../../operations";
import { join, joinLines, shellQuoted, style, table, term, wrap, type TerminalText } from "../../../text";
import { STAND_IN } from "../../../job-parts";
import type { CliContext } from "../../context";
import { deploymentSummary, reasonLines } from "../../deployment-text";
import { DrainedPools, type OfPool } from "../../drained-pools";
import { EXIT, type ExitCode } from "../../exit-codes";
import { serviceTable } from "../../service-table";
import { ATTENTION } from "../../symbols";
import type { OpenStack } from "../../open-stack";
import { belongingsOf, belongingsText, othersJobs, ownersOf, type Belongings } from "../../stack-owners";
import { withStack } from "../../stack";
import { whileWatching, type Watching } from "../../watching";
import { clusterStatus } from "./cluster-status";
import type { Input } from "../status";

/** Says what became of the jobs of an environment; of the embedded cluster, where none is named. */
export async function run(input: Input, context: CliContext) {
  const { environment } = input;
  if (environment === undefined) return clusterStatus(input, context);
  return withStack({ ...input, environment }, context, async (stack) => {
    if (!input.watch) return report(stack, input, context);
    const watch = (handlers: Watching) => watchStack(stack.contents.objects, { ...handlers, job: input.job });
    const watched = await whileWatching(stack, input, context, watch, { says: false });
    return report(stack, input, context, watched);
  });
}

/** A job with its revert only where it is one to its program. What the program has not, such as an older job of a pool, goes by its versions alone. */
async function withRevert(
  { revert, ...job }: JobStatus,
  objects: readonly StackObject[],
  asking: Parameters<typeof revertToProgram>[2],
): Promise<JobStatus> {
  const item = objects.find((each) => each.kind === "job" && each.path === job.path && each.job.ID === job.job);
  const told = revert && item?.kind === "job" ? await revertToProgram(item, revert, asking) : revert;
  return { ...job, ...(told ? { revert: told } : {}) };
}

/** What was watched to its end, and how that is said. */
interface Watched {
  readonly outcomes: readonly JobOutcome[];
  readonly say: (outcomes: readonly JobOutcome[]) => void;
}

/** A deployment that Nomad calls healthy is said to have ended well only where its job is well now: both are one verdict. */
function endedAsSeen({ result, path, job }: JobOutcome, jobs: readonly JobStatus[]): boolean {
  if (result !== "healthy" && result !== "complete") return true;
  const now = jobs.find((each) => each.path === path && each.job === job.ID);
  return now === undefined || WELL.has(now.state);
}

const WELL: ReadonlySet<JobStatus["state"]> = new Set(["healthy", "complete", "ready"]);

async function report(
  stack: OpenStack,
  input: Omit<Input, "environment">,
  context: CliContext,
  { outcomes, say }: Watched = { outcomes: [], say: () => undefined },
) {
  const { terminal, signal } = context;
  const { environment, contents, nomad, consul } = stack;
  terminal.progress().step("asking Nomad");
  const onTrouble = (text: string) => terminal.note(term`${ATTENTION} ${text}`);
  const { masking } = terminal;
  const asking = { nomad, consul, signal, masking, onTrouble };
  const wanted = await jobsToAskAbout(contents.objects, { ...asking, job: input.job });
  const jobs = await Promise.all(
    (await stackStatus(wanted, asking)).map((job) => withRevert(job, contents.objects, asking)),
  );
  say(outcomes.filter((outcome) => endedAsSeen(outcome, jobs)));
  const there = wanted.filter(({ path }) => jobs.some((job) => job.path === path && job.state !== "missing"));
  const drained = await DrainedPools.of(
    there.map(({ job }) => job),
    { nomad, consul },
  );
  const services = drained.services(
    (await Promise.all(there.map(({ job }) => listServices(job, { nomad, consul }, STAND_IN)))).flat(),
  );
  const owners = await ownersOf(stack, context);
  const ofOthers = othersJobs(stack, owners, context);
  const shown = jobs.map((job) => {
    const owner = ofOthers.get(job.path);
    return { ...job, ...drained.of(job.job), ...(owner === undefined ? {} : { owner }) };
  });
  // An older job of a pool on its way out has no containers, and says nothing of the pool's size.
  const own = shown.filter(({ job }) => contents.objects.some((item) => item.kind === "job" && item.job.ID === job));
  // Of one job nobody asks for the rest.
  const belongings = input.job === undefined ? await belongingsOf(stack, owners, context) : NONE;
  const { strays, kept, leftovers, foreign, unknown } = belongings;
  const words = [...drained.words(own), ...belongingsText(belongings, environment)];
  if (input.json) terminal.json({ environment, jobs: shown, services, strays, kept, leftovers, foreign, unknown });
  else terminal.print(statusText(environment, shown, services, words));
  if (shown.some(({ owner }) => owner !== undefined)) return EXIT.failed;
  const code = EXIT_CODES[verdictOf(jobs, { waitForBatch: input.noWaitBatch !== true })];
  // The jobs were well a moment before, and how their services are is not known.
  return code === EXIT.ok && services.some(({ problem }) => problem !== undefined) ? EXIT.failed : code;
}

const NONE: Belongings = { strays: [], kept: [], leftovers: [], keptInConsul: [], foreign: [], unknown: [] };

const EXIT_CODES = {
  failed: EXIT.failed,
  unknown: EXIT.failed,
  "going-on": EXIT.timedOut,
  "waiting-for-promotion": EXIT.waitingForPromotion,
  healthy: EXIT.ok,
} as const satisfies Readonly<Record<StackVerdict, ExitCode>>;

function statusText(
  environment: string,
  jobs: readonly (JobStatus & OfPool & { readonly owner?: string })[],
  services: readonly ServiceRow[],
  pools: readonly TerminalText[],
): TerminalText {
  const rows = jobs.map((job) => [
    nameText(job),
    job.owner !== undefined
      ? style.yellow(term`of ${job.owner}`)
      : job.drained === true && job.state === "healthy"
        ? style.yellow(term`drained`)
        : stateText(job.state),
    job.version ?? term`-`,
    job.groups.length > 0 ? join(job.groups.map(groupText), term`, `) : term`-`,
  ]);
  const going = jobs.flatMap(({ deployment }) =>
    deployment && deployment.status !== "successful" ? [deploymentSummary(deployment)] : [],
  );
  const waiting = jobs.filter(({ state }) => state === "waiting-for-promotion");
  return joinLines([
    table([term`JOB`, term`STATUS`, term`VERSION`, term`RUNNING`], rows),
    ...jobs.flatMap(reasonText),
    ...jobs.flatMap(childrenText),
    ...(going.length > 0 ? [term``, term`deployments`, ...going] : []),
    ...(services.length > 0 ? [term``, serviceTable(services)] : []),
    ...revertsText(jobs),
    ...(pools.length > 0 ? [term``, ...pools] : []),
    ...waiting.map((job) =>
      wrap(
        term`\nthe canaries of ${nameText(job)} wait for: cdk-nomad promote ${shellQuoted(environment)} --job ${shellQuoted(job.job)}`,
      ),
    ),
  ]);
}

const STATE_STYLES: Readonly<Partial<Record<JobStatus["state"], (typeof style)["green"]>>> = {
  healthy: style.green,
  ready: style.green,
  complete: style.green,
  deploying: style.cyan,
  running: style.cyan,
};

function stateText(state: JobStatus["state"]): TerminalText {
  return (STATE_STYLES[state] ?? style.yellow)(inWords(state));
}

function inWords(state: string): string {
  return state.replaceAll("-", " ");
}

/** A job, told from the same one in another region. */
function nameText({ job, region }: Pick<JobStatus, "job" | "region">): TerminalText {
  return region === undefined ? term`${job}` : term`${job} (${region})`;
}

/** Why a job is not as it shall be. */
function reasonText(status: JobStatus): readonly TerminalText[] {
  const { state, reasons } = status;
  if (reasons.length === 0) return [];
  return [term``, term`${style.bold(nameText(status))} is ${inWords(state)}`, ...reasonLines(reasons)];
}

/** Which jobs were taken back to a version before, and by whom as far as the server tells. */
function revertsText(jobs: readonly JobStatus[]): readonly TerminalText[] {
  const lines = jobs.flatMap(({ revert, ...job }) =>
    revert ? [wrap(term`${ATTENTION} ${style.bold(nameText(job))} was ${revertInWords(revert)}`, { hanging: 2 })] : [],
  );
  return lines.length > 0 ? [term``, ...lines] : [];
}

/** What a periodic or parameterized job launched, the newest first. */
function childrenText({ children, ...job }: JobStatus): readonly TerminalText[] {
  if (!children || children.pending + children.running + children.ended === 0) return [];
  const { pending, running, ended, newest } = children;
  return [
    term``,
    term`${style.bold(nameText(job))} launched: ${running} running, ${pending} pending, ${ended} ended; the newest`,
    ...newest.flatMap((child) => [
      term`  ${child.submitted ?? "unknown time"} ${child.state} ${child.job}`,
      ...child.reasons.map(({ message }) => wrap(term`${message}`, { indent: 4, hanging: 2 })),
    ]),
  ];
}

function groupText({ name, desired, running, starting, queued, complete, failed }: GroupStatus): TerminalText {
  const more = [
    ...(complete ? [term`${complete} ended well`] : []),
    ...(failed ? [term`${failed} failed`] : []),
    ...(starting > 0 ? [term`${starting} starting`] : []),
    ...(queued > 0 ? [term`${queued} without a node`] : []),
  ];
  const of = desired === undefined ? term`` : term`/${desired}`;
  return term`${name} ${running}${of}${more.length > 0 ? term` (${join(more, term`, `)})` : term``}`;
}
