import type { ClusterStatus } from "../../local";
import { clients, localCluster, type CliContext } from "../context";
import type { Terminal } from "../terminal";

/** Says what the embedded cluster is doing, and which jobs run on it. */
export async function status(options: { readonly json?: boolean }, { terminal, env }: CliContext): Promise<void> {
  const { cluster } = localCluster();
  const found = await cluster.status();
  const nomad = found.agents.find((agent) => agent.name === "nomad");
  let jobs: readonly { readonly ID: string; readonly Type: string; readonly Status: string }[] = [];
  if (nomad?.ready) {
    const { nomad: client, consul } = clients({ ...env, NOMAD_ADDR: nomad.address }, cluster);
    jobs = await client.jobs();
    await Promise.all([client.close(), consul.close()]);
  }
  if (options.json) {
    terminal.print(
      JSON.stringify(
        { ...found, jobs: jobs.map(({ ID, Type, Status }) => ({ id: ID, type: Type, status: Status })) },
        null,
        2,
      ),
    );
    return;
  }
  terminal.print(clusterTable(found, terminal));
  if (found.phase === "stopped") terminal.print("\nstart it with: cdk-nomad up");
  if (found.phase === "partial")
    terminal.print("\nnot all of it is ready: cdk-nomad up starts the rest, cdk-nomad down ends it");
  if (jobs.length > 0)
    terminal.print(
      `\n${terminal.table(
        ["JOB", "TYPE", "STATUS"],
        jobs.map((job) => [job.ID, job.Type, job.Status]),
      )}`,
    );
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
