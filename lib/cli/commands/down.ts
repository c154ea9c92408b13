import { localCluster, type CliContext } from "../context";

/** Stops the embedded cluster and whatever it left. */
export async function down(_options: object, { terminal }: CliContext): Promise<void> {
  const { cluster } = localCluster();
  const had = await cluster.down(terminal.progress());
  terminal.note(had ? "nothing is left of the cluster but its logs" : "no cluster was running");
}
