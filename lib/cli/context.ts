import { clusterFolder, EmbeddedCluster, findProjectFolder, projectFolder } from "../local";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../nomad";
import type { Surroundings } from "./surroundings";
import type { Terminal } from "./terminal";

/** What a command is given beside its parameters. Nothing of it is read from the process, so that tests run commands in their own. */
export interface CliContext extends Omit<Surroundings, "stdout" | "stderr"> {
  readonly terminal: Terminal;
  /** The name of the command. */
  readonly command: string;
}

/** The project that the command runs in, and its embedded cluster. */
export function localCluster({ cwd }: Pick<CliContext, "cwd">): {
  readonly project: string;
  readonly cluster: EmbeddedCluster;
} {
  const project = projectFolder(cwd);
  return { project, cluster: new EmbeddedCluster(clusterFolder(project)) };
}

/** The embedded cluster of the project that the command runs in, where there is a project. Nothing is made. */
export function clusterHere({ cwd }: Pick<CliContext, "cwd">): EmbeddedCluster | undefined {
  const project = findProjectFolder(cwd);
  return project === undefined ? undefined : new EmbeddedCluster(clusterFolder(project));
}

/** Clients for the cluster that the variables name, else for the embedded one, else for the usual ports. */
export function clients({ env, silence }: Pick<CliContext, "env" | "silence">, cluster: EmbeddedCluster | undefined) {
  const embedded = cluster?.addresses();
  return {
    nomad: new NomadClient({ ...nomadConnection(env, embedded?.nomad), silence }),
    consul: new ConsulClient({ ...consulConnection(env, embedded?.consul), silence }),
  };
}
