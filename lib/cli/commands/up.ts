import { cacheFolder } from "../../local";
import { localCluster, type CliContext } from "../context";
import { clusterTable } from "./cluster-status";

/** Options of `up`. */
export interface UpCommandOptions {
  readonly portOffset?: number;
  readonly regions?: readonly string[];
  readonly json?: boolean;
}

/** Starts the embedded cluster, or says that it runs. */
export async function up(options: UpCommandOptions, { terminal, env, signal }: CliContext): Promise<void> {
  const { cluster } = localCluster();
  try {
    const { status, before } = await cluster.up({
      portOffset: options.portOffset,
      regions: options.regions,
      cache: cacheFolder(env),
      env,
      progress: terminal.progress(),
      signal,
    });
    if (options.json) {
      terminal.print(JSON.stringify(status, null, 2));
      return;
    }
    if (before) terminal.note("the cluster runs already");
    terminal.print(clusterTable(status, terminal));
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.note("interrupted; cdk-nomad status says what runs, cdk-nomad down ends it");
    process.exitCode = 130;
  }
}
