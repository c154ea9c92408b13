import { UserError } from "../errors";
import { clusterFolder, EmbeddedCluster, findProjectFolder, projectFolder } from "../local";
import {
  ConsulClient,
  consulConnection,
  NomadClient,
  nomadConnection,
  secretsOf,
  withoutCredentials,
  withServer,
  type Connection,
  type Environment,
} from "../nomad";
import type { System } from "./system";
import type { Terminal } from "./terminal";
import { tokenSource } from "./cluster-at-address";

/** What a command is given beside its parameters. Nothing of it is read from the process, so that tests run commands in their own. */
export interface CliContext extends Omit<System, "stdout" | "stderr"> {
  readonly terminal: Terminal;
  /** The name of the command. */
  readonly command: string;
  /** Called before each request that may change something of a cluster. */
  readonly onChange: () => void;
}

/** Whom something is said to while a command goes on. */
export interface Telling {
  readonly terminal: Pick<Terminal, "note">;
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

/**
 * The variables that name the cluster which is meant: the one that they name, else the embedded one with its tokens, else none. The tokens of the
 * embedded cluster go to its own address alone, and to its own agents; a token of another cluster never goes there, unless the address is said with it.
 *
 * @throws UserError where somebody else answers in the place of the embedded one
 */
export function clusterVariables(
  { env, terminal }: Pick<CliContext, "env" | "terminal">,
  cluster: EmbeddedCluster | undefined,
): Environment {
  const { NOMAD_ADDR: nomadAddress, CONSUL_HTTP_ADDR: consulAddress } = env;
  const embedded = cluster?.environment(nomadAddress);
  if (!embedded) return env;
  terminal.masking.learn(embedded);
  const isOwn = isEmbedded(env, cluster);
  // The embedded Consul is that of no other Nomad: it is asked where it is named, and then with its token.
  const isOwnConsul = consulAddress ? cluster?.hasAddress(consulAddress, "consul") === true : isOwn;
  if (isOwn) cluster?.refuseStranger("nomad", nomadAddress || undefined);
  if (isOwnConsul) cluster?.refuseStranger("consul", consulAddress || undefined);
  const nomad = isOwn ? withServer(env, "Nomad", embedded) : env;
  const both = isOwnConsul ? withServer(nomad, "Consul", embedded) : nomad;
  // By its own address: what a name such as localhost leads to may be somebody else's listener.
  const ownNomad = cluster && both.NOMAD_ADDR && cluster.ownAddress(both.NOMAD_ADDR, "nomad");
  const ownConsul = cluster && both.CONSUL_HTTP_ADDR && cluster.ownAddress(both.CONSUL_HTTP_ADDR, "consul");
  return {
    ...both,
    ...(ownNomad ? { NOMAD_ADDR: ownNomad } : {}),
    ...(ownConsul ? { CONSUL_HTTP_ADDR: ownConsul } : {}),
  };
}

/**
 * Refuses a stack that needs Consul where the variables name a Nomad elsewhere, and no Consul: the one on this machine is another cluster's.
 *
 * @throws UserError with what to write
 */
export function refuseConsulOfAnother(environment: string, context: Pick<CliContext, "cwd" | "env">): void {
  const { env } = context;
  const cluster = clusterHere(context);
  const embedded = cluster?.addresses();
  const { NOMAD_ADDR: named = "" } = env;
  if (env.CONSUL_HTTP_ADDR || embedded === undefined || isEmbedded(env, cluster)) return;
  throw UserError.at(
    environment,
    `needs Consul, and NOMAD_ADDR names ${withoutCredentials(named)}, which is not the embedded Nomad (${embedded.nomad}); where the embedded cluster is meant, leave NOMAD_ADDR out, else write the address of that cluster's Consul into CONSUL_HTTP_ADDR`,
    "cluster",
  );
}

/** Whether the variables name no Nomad, or one of the embedded cluster. Whether that lives is another question: {@link EmbeddedCluster.isAt}. */
export function isEmbedded({ NOMAD_ADDR: address }: Environment, cluster: EmbeddedCluster | undefined): boolean {
  return !address || cluster?.hasAddress(address) === true;
}

/**
 * Clients for the cluster that the variables name, else for the embedded one, else for the usual ports.
 *
 * @throws UserError with every variable that is wrong or not supported
 */
export function clients(
  context: Pick<CliContext, "env" | "silence" | "terminal" | "onChange">,
  cluster: EmbeddedCluster | undefined,
) {
  const variables = clusterVariables(context, cluster);
  const { silence, terminal, onChange } = context;
  const nomad = nomadConnection(variables);
  const consul = consulConnection(variables);
  // Not all of it stands in the environment under a secret's name: a token may come from a file.
  terminal.masking.know([nomad, consul].flatMap(secretsOf));
  const tokensOf = ({ address }: Connection, program: "nomad" | "consul") => ({
    tokenSource: () => tokenSource(address, program, cluster),
  });
  return {
    nomad: new NomadClient({ ...nomad, silence, onChange, ...tokensOf(nomad, "nomad") }),
    consul: new ConsulClient({ ...consul, silence, onChange, ...tokensOf(consul, "consul") }),
  };
}
