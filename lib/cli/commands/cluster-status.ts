import type { ClusterStatus } from "../../local";
import { NomadClient, nomadConnection } from "../../nomad";
import { localCluster, type CliContext } from "../context";
import type { Terminal } from "../terminal";

/** Says what the embedded cluster is doing, and which jobs run on it. */
export async function clusterStatus(options: { readonly json: boolean }, context: CliContext): Promise<void> {
  const { terminal } = context;
  const { cluster } = localCluster(context);
  const found = await cluster.status();
  const jobs = (
    await Promise.all(found.agents.filter(({ ready }) => ready).map(({ region, address }) => jobsOf(region, address)))
  ).flat();
  if (options.json) {
    terminal.json({ ...found, jobs });
    return;
  }
  const several = found.regions.length > 1;
  terminal.print(clusterTable(found, terminal));
  if (found.phase === "stopped") terminal.print("\nstart it with: cdk-nomad up");
  if (found.phase === "partial")
    terminal.print("\nnot all of it is ready: cdk-nomad up starts the rest, cdk-nomad down ends it");
  if (jobs.length > 0)
    terminal.print(
      `\n${terminal.table(
        ["JOB", "TYPE", "STATUS", ...(several ? ["REGION"] : [])],
        jobs.map((job) => [job.id, job.type, job.status, ...(several ? [job.region] : [])]),
      )}`,
    );
}

/** The jobs of a region, asked of its own agent. */
async function jobsOf(region: string | undefined, address: string) {
  if (region === undefined) return [];
  const nomad = new NomadClient(nomadConnection({}, address));
  try {
    return (await nomad.jobs()).map(({ ID, Type, Status }) => ({ id: ID, type: Type, status: Status, region }));
  } finally {
    await nomad.close();
  }
}

/** The agents of a cluster as a table. */
export function clusterTable(found: ClusterStatus, terminal: Terminal): string {
  const { color } = terminal;
  const rows = found.agents.map((agent) => [
    agent.name,
    agent.ready ? color.green("ready") : agent.running ? color.yellow("starting") : color.dim("stopped"),
    agent.running ? agent.address : "",
    agent.running ? String(agent.pid) : "",
    agent.running ? (agent.version ?? "") : "",
  ]);
  return terminal.table(["AGENT", "STATUS", "ADDRESS", "PID", "VERSION"], rows);
}
