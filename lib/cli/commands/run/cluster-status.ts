import { countIn } from "../../../jobspec/host";
import type { ClusterStatus } from "../../../local";
import {
  ConsulClient,
  consulConnection,
  NomadClient,
  nomadConnection,
  withoutCredentials,
  type JobJson,
} from "../../../nomad";
import { joinLines, style, table, term, type TerminalText } from "../../../text";
import { localCluster, type CliContext } from "../../context";
import { DrainedPools, type OfPool } from "../../drained-pools";
import { EXIT } from "../../exit-codes";
import { isOnThisMachine } from "../../cluster-at-address";

const EXIT_CODES = { running: EXIT.ok, partial: EXIT.partial, stopped: EXIT.stopped } as const;

/** Says what the embedded cluster is doing, and which jobs run on it. @returns an exit code that tells whether all of it does */
export async function clusterStatus(options: { readonly json: boolean }, context: CliContext) {
  const { terminal } = context;
  const { cluster } = localCluster(context);
  const found = await cluster.status();
  terminal.masking.learn(cluster.environment() ?? {});
  const regions = await Promise.all(
    found.agents
      .filter(({ ready }) => ready)
      .map(({ region, address }) => regionOf(region, cluster.environment(address) ?? {}, context)),
  );
  const jobs = regions.flatMap((region) => region.jobs);
  const words = regions.flatMap((region) => region.words);
  if (options.json) {
    terminal.json({ ...found, jobs });
    return EXIT_CODES[found.phase];
  }
  const several = found.regions.length > 1;
  terminal.print(clusterTable(found));
  if (found.phase !== "stopped" && !found.closed)
    terminal.print(
      term`\nopen: every user of this machine, and every page in a browser on it, may run commands here; cdk-nomad down, then up, closes it`,
    );
  if (found.phase !== "stopped" && found.closed && !found.peersOnly)
    terminal.print(
      term`\nan older release started it, and its servers speak with every user of this machine; cdk-nomad down, then up, closes it`,
    );
  if (found.phase === "stopped") terminal.print(term`\nstart it with: cdk-nomad up`);
  if (found.phase === "partial") terminal.print(partialText(found));
  if (jobs.length > 0) {
    const head = [term`JOB`, term`TYPE`, term`STATUS`, ...(several ? [term`REGION`] : [])];
    const rows = jobs.map((job) => [
      job.namespace === undefined ? job.id : term`${job.id} (${job.namespace})`,
      job.type,
      job.drained === true ? style.yellow(term`drained`) : job.status,
      ...(several ? [job.region] : []),
    ]);
    terminal.print(term`\n${table(head, rows)}`);
  }
  if (words.length > 0) terminal.print(term`\n${joinLines(words)}`);
  const { NOMAD_ADDR: named } = context.env;
  if (named && !cluster.hasAddress(named)) {
    const at = withoutCredentials(named);
    // Of one that was ended nobody knows any more where it was.
    terminal.note(
      found.phase === "stopped" && isOnThisMachine(named)
        ? term`NOMAD_ADDR names ${at}: cdk-nomad ls and cdk-nomad status STACK ask there; where that was the embedded cluster: unset NOMAD_ADDR`
        : term`NOMAD_ADDR names another cluster, at ${at}, and this is the embedded one: cdk-nomad ls and cdk-nomad status STACK ask that one`,
    );
  }
  return EXIT_CODES[found.phase];
}

/** Why it is not all there, and what to do. */
export function partialText({ folder, forgotten, movedFrom, abandoned, agents }: ClusterStatus): TerminalText {
  if (forgotten)
    return term`\n${movedFrom ?? folder} was ${movedFrom === undefined ? term`removed` : term`moved here`} while it ran: cdk-nomad down ends it, cdk-nomad up ends it and starts anew`;
  const tasks = abandoned === 1 ? term`1 process of tasks runs` : term`${abandoned} processes of tasks run`;
  const why = abandoned === 0 ? term`not all of it is ready` : term`${tasks} without a Nomad`;
  const waiting = agents.filter(({ running, ready }) => running && !ready).map(({ name }) => name);
  // Nothing is missing: what there is starts, or never will.
  if (abandoned === 0 && agents.every(({ running }) => running))
    return term`\n${waiting.join(" and ")} ${waiting.length === 1 ? "runs and is" : "run and are"} not ready: where that stays so, something hangs; cdk-nomad down ends it, and then cdk-nomad up begins anew`;
  return term`\n${why}: cdk-nomad up starts what is missing${abandoned === 0 ? term`` : term` and ends those`}, cdk-nomad down ends it`;
}

/** A job of a region. */
interface RegionalJob extends OfPool {
  readonly id: string;
  /** Where that is not the default one. */
  readonly namespace?: string;
  readonly type: string;
  readonly status: string;
  readonly region: string;
}

/** What a region has, and what is to be said of its pools. */
interface Region {
  readonly jobs: readonly RegionalJob[];
  readonly words: readonly TerminalText[];
}

/** The jobs of a region, asked of its own agent. */
async function regionOf(
  region: string | undefined,
  own: Readonly<Record<string, string>>,
  { silence }: CliContext,
): Promise<Region> {
  if (region === undefined) return { jobs: [], words: [] };
  const nomad = new NomadClient({ ...nomadConnection(own), silence });
  const consul = new ConsulClient({ ...consulConnection(own), silence });
  try {
    const all = await nomad.where({ Namespace: "*" }).jobs();
    const services = all.filter(({ Type, Stop }) => Type === "service" && !Stop);
    // The list of jobs does not have what says of which pool one is, and of what size.
    const held = (await Promise.all(services.map(({ ID, Namespace }) => nomad.where({ Namespace }).job(ID)))).filter(
      (job) => job !== undefined,
    );
    const pools = await DrainedPools.of(held, { nomad, consul });
    const jobs = all.map(({ ID, Namespace, Type, Status }) => ({
      id: ID,
      ...(Namespace === "default" ? {} : { namespace: Namespace }),
      type: Type,
      status: Status,
      region,
      ...pools.of(ID),
    }));
    return { jobs, words: pools.words(held.map((job) => ({ job: job.ID, groups: groupsOf(job) }))) };
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

function groupsOf({ TaskGroups }: JobJson): readonly { readonly desired: number }[] {
  return (TaskGroups ?? []).map((group) => ({ desired: countIn(group) }));
}

/** The agents of a cluster as a table. */
export function clusterTable(found: ClusterStatus): TerminalText {
  const rows = found.agents.map((agent) => [
    agent.name,
    agent.ready ? style.green(term`ready`) : agent.running ? style.yellow(term`not ready`) : style.dim(term`stopped`),
    agent.running ? agent.address : term``,
    agent.running ? (agent.pid ?? term``) : term``,
    agent.running ? (agent.version ?? term``) : term``,
  ]);
  return table([term`AGENT`, term`STATUS`, term`ADDRESS`, term`PID`, term`VERSION`], rows);
}
