import {
  listServices,
  stackStatus,
  watchStack,
  type GroupStatus,
  type JobStatus,
  type ServiceRow,
} from "../../operations";
import { STAND_IN } from "../../workloads";
import type { CliContext } from "../context";
import { deploymentSummary } from "../deployment-text";
import { EXIT } from "../exit-codes";
import { serviceTable } from "../service-table";
import { withStack, type OpenStack } from "../stack";
import type { Terminal } from "../terminal";
import { whileWatching, type WatchingOptions } from "../watching";
import { clusterStatus } from "./cluster-status";

/** Options of `status`. */
export interface StatusOptions extends WatchingOptions {
  readonly job?: string;
  readonly watch?: boolean;
}

/** Says what became of the jobs of an environment; of the embedded cluster, where none is named. */
export async function status(
  environment: string | undefined,
  options: StatusOptions,
  context: CliContext,
): Promise<void> {
  if (environment === undefined) return clusterStatus(options, context);
  await withStack(environment, options, context, async (stack) => {
    if (options.watch) {
      const watched = await whileWatching(stack, options, context, (watching) =>
        watchStack(stack.contents.wanted, { ...watching, job: options.job }),
      );
      if (!watched) return;
    }
    await report(stack, options, context);
  });
}

async function report(
  { environment, contents, nomad, consul }: OpenStack,
  options: StatusOptions,
  { terminal, signal }: CliContext,
): Promise<void> {
  terminal.progress().step(`asking Nomad at ${nomad.address}`);
  const jobs = await stackStatus(contents.wanted, { nomad, job: options.job, signal });
  const wanted = contents.wanted.filter((item) => item.kind === "job");
  const services = (
    await Promise.all(
      wanted
        .filter(({ path }) => jobs.some((job) => job.path === path && job.state !== "missing"))
        .map(({ job }) => listServices(job, consul, STAND_IN)),
    )
  ).flat();
  terminal.rest();
  if (options.json) terminal.print(JSON.stringify({ environment, jobs, services }, null, 2));
  else terminal.print(statusText(environment, jobs, services, terminal));
  process.exitCode = exitCodeOf(jobs);
}

function exitCodeOf(jobs: readonly JobStatus[]): number {
  const some = (...states: readonly JobStatus["state"][]) => jobs.some(({ state }) => states.includes(state));
  if (some("failed", "degraded", "stopped", "missing")) return EXIT.failed;
  if (some("deploying")) return EXIT.timedOut;
  return some("waiting-for-promotion") ? EXIT.waitingForPromotion : EXIT.ok;
}

function statusText(
  environment: string,
  jobs: readonly JobStatus[],
  services: readonly ServiceRow[],
  terminal: Terminal,
): string {
  const { color } = terminal;
  const paint = { healthy: color.green, ready: color.green, deploying: color.cyan } as const;
  const rows = jobs.map((job) => [
    job.region === undefined ? job.job : `${job.job} (${job.region})`,
    (job.state in paint ? paint[job.state as keyof typeof paint] : color.yellow)(job.state.replaceAll("-", " ")),
    job.version === undefined ? "-" : String(job.version),
    job.groups.map(groupText).join(", ") || "-",
  ]);
  const going = jobs.flatMap(({ deployment }) =>
    deployment && deployment.status !== "successful" ? [deploymentSummary(deployment)] : [],
  );
  const waiting = jobs.filter(({ state }) => state === "waiting-for-promotion");
  return [
    terminal.table(["JOB", "STATUS", "VERSION", "RUNNING"], rows),
    ...(going.length > 0 ? ["", "deployments", ...going.map((line) => terminal.fit(line))] : []),
    ...(services.length > 0 ? ["", serviceTable(services, terminal)] : []),
    ...waiting.map(({ job }) => `\nthe canaries of ${job} wait for: cdk-nomad promote ${environment} --job ${job}`),
  ].join("\n");
}

function groupText({ name, desired, running, starting, queued }: GroupStatus): string {
  const more = [...(starting > 0 ? [`${starting} starting`] : []), ...(queued > 0 ? [`${queued} find no node`] : [])];
  return `${name} ${running}${desired === undefined ? "" : `/${desired}`}${more.length > 0 ? ` (${more.join(", ")})` : ""}`;
}
