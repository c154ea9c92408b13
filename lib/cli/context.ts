import { clusterFolder, EmbeddedCluster, projectFolder } from "../local";
import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../nomad";
import { type Terminal } from "./terminal";

/** What every command is given: where it runs, whom it talks to, and when it shall stop. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Ends at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The project that the command runs in, and its embedded cluster. */
export function localCluster(): { readonly project: string; readonly cluster: EmbeddedCluster } {
  const project = projectFolder();
  return { project, cluster: new EmbeddedCluster(clusterFolder(project)) };
}

/** Clients for the cluster that the variables name, else for the embedded one, else for the usual ports. */
export function clients(env: NodeJS.ProcessEnv, cluster: EmbeddedCluster) {
  const embedded = cluster.addresses();
  return {
    nomad: new NomadClient(nomadConnection(env, embedded?.nomad)),
    consul: new ConsulClient(consulConnection(env, embedded?.consul)),
    /** How the embedded cluster's ports are moved, where it is the one that is meant. */
    portOffset: env.NOMAD_ADDR ? undefined : embedded?.portOffset,
  };
}

/** A whole number given on the command line. */
export function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
