import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { privateFolder, writePrivateFile } from "../../private-files";
import { tokensFolder } from "./tokens";

const execute = promisify(execFile);

/**
 * Runs a program whose files nobody but their owner may read, from the first moment: Consul's takes certificates for no secret. The mask of this process stays as it
 * is, since other work in it may make files meanwhile.
 */
async function runPrivately(program: string, args: readonly string[], cwd: string): Promise<void> {
  await execute("/bin/sh", ["-c", 'umask 077 && exec "$0" "$@"', program, ...args], { cwd });
}

/** A cluster is not older than that: it goes with `down`, and with the machine. */
const DAYS = 3650;

/** By what the agents of a closed cluster know each other: whoever has none of it speaks with none of them. */
export interface ClusterKeys {
  /** The authority, whose key is gone. */
  readonly caFile: string;
  /** The one certificate of all agents, and of whoever starts them. */
  readonly certFile: string;
  readonly keyFile: string;
  /** What each cluster's gossip is encrypted with, 32 bytes in base64. */
  readonly gossip: { readonly nomad: string; readonly consul: string };
}

/**
 * Makes the keys of a cluster that is started. The certificate has the names that servers and clients of Nomad and of Consul ask each other for
 * (`verify_server_hostname`), of every region. Nobody gets another one: the authority's key is removed at once.
 *
 * @param consul Consul's program, which makes certificates
 * @see https://developer.hashicorp.com/nomad/docs/secure/traffic/tls
 */
export async function makeClusterKeys(
  folder: string,
  regions: readonly string[],
  consul: string,
): Promise<ClusterKeys> {
  const cwd = keysFolder(folder);
  rmSync(cwd, { recursive: true, force: true });
  privateFolder(cwd);
  const names = regions.flatMap((region) => [`server.${region}.nomad`, `client.${region}.nomad`]);
  const days = `-days=${DAYS}`;
  try {
    await runPrivately(consul, ["tls", "ca", "create", days], cwd);
    const more = names.map((name) => `-additional-dnsname=${name}`);
    await runPrivately(consul, ["tls", "cert", "create", "-server", "-dc=dc1", days, ...more], cwd);
  } finally {
    rmSync(join(cwd, "consul-agent-ca-key.pem"), { force: true });
  }
  const { caFile, certFile, keyFile } = filesIn(cwd);
  for (const name of ["nomad", "consul"] as const)
    writePrivateFile(gossipFile(cwd, name), `${randomBytes(32).toString("base64")}\n`);
  renameSync(join(cwd, "consul-agent-ca.pem"), caFile);
  renameSync(join(cwd, "dc1-server-consul-0-key.pem"), keyFile);
  // Last: where it is, all of them are.
  renameSync(join(cwd, "dc1-server-consul-0.pem"), certFile);
  const made = readClusterKeys(folder);
  if (!made) throw new Error(`the keys of the cluster are not in ${cwd}`);
  return made;
}

/** The keys of the cluster whose folder this is; undefined where one is missing. */
export function readClusterKeys(folder: string): ClusterKeys | undefined {
  const cwd = keysFolder(folder);
  const files = filesIn(cwd);
  if (!Object.values(files).every((file) => existsSync(file))) return undefined;
  try {
    const read = (name: "nomad" | "consul") => readFileSync(gossipFile(cwd, name), "utf8").trim();
    return { ...files, gossip: { nomad: read("nomad"), consul: read("consul") } };
  } catch {
    return undefined;
  }
}

function keysFolder(folder: string): string {
  return join(tokensFolder(folder), "agents");
}

function filesIn(cwd: string) {
  return { caFile: join(cwd, "ca.pem"), certFile: join(cwd, "agent.pem"), keyFile: join(cwd, "agent-key.pem") };
}

function gossipFile(cwd: string, name: "nomad" | "consul"): string {
  return join(cwd, `gossip-${name}`);
}
