import { join } from "node:path";
import type { ConsulClient, NomadClient } from "../nomad";
import { readContents, readForeignContents, synthesizeProject, type StackContents } from "../operations";
import { clients, localCluster, type CliContext } from "./context";

/** Options of every command about an environment. */
export interface StackOptions {
  readonly var?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

/** Options of commands that also read what somebody else's program wrote. */
export interface ForeignStackOptions extends StackOptions {
  /** The folder of its files; nothing of the program is run. */
  readonly synthesized?: string;
}

/** A stack, synthesized and read, and the cluster that it is for. */
export interface OpenStack {
  readonly environment: string;
  readonly contents: StackContents;
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
}

/**
 * Reads a stack out of a folder that somebody else's program was synthesized into, runs something with it and the clients of its cluster,
 * and lets go of them. Nothing of that program is run.
 */
export async function withForeignStack<T>(
  environment: string,
  folder: string,
  options: StackOptions,
  { terminal, env }: CliContext,
  run: (stack: OpenStack) => Promise<T>,
): Promise<T> {
  const contents = readForeignContents(folder, environment, options.var ?? {});
  for (const name of contents.unknown)
    terminal.note(`the value of the variable ${name} is not known here: what depends on it shows as changed`);
  const { nomad, consul } = clients(env, localCluster().cluster);
  try {
    return await run({ environment, contents, nomad, consul });
  } finally {
    terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** Synthesizes a stack, runs something with it and the clients of its cluster, and lets go of them. */
export async function withStack<T>(
  environment: string,
  options: StackOptions,
  { terminal, env, signal }: CliContext,
  run: (stack: OpenStack) => Promise<T>,
): Promise<T> {
  const { project, cluster } = localCluster();
  const { nomad, consul, portOffset } = clients(env, cluster);
  const progress = terminal.progress();
  try {
    progress.step("synthesizing");
    const outdir = join(cluster.folder, "synth");
    const offset = env.CDK_NOMAD_PORT_OFFSET ?? (portOffset ? String(portOffset) : undefined);
    const said = await synthesizeProject({
      project,
      outdir,
      env: offset === undefined ? {} : { CDK_NOMAD_PORT_OFFSET: offset },
      signal,
    });
    if (said !== "") terminal.note(said);
    const contents = readContents(outdir, environment, { variables: options.var ?? {}, env });
    return await run({ environment, contents, nomad, consul });
  } finally {
    terminal.rest();
    await Promise.all([nomad.close(), consul.close()]);
  }
}
