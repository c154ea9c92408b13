import { resolve } from "node:path";
import type { Target } from "../../lib/jobspec";
import { TestCluster } from "../../__tests__/support/cluster";
import type { Json } from "./draw";

/** What a server says of a job. */
export interface Verdict {
  readonly accepted: boolean;
  readonly errors: readonly string[];
  readonly warnings: string;
  /** Whether it speaks of the cluster alone: of a namespace, a node pool or a Vault that it has not. */
  readonly ofCluster: boolean;
}

const OF_CLUSTER = /nonexistent (?:namespace|node pool)|Vault "[^"]*" not enabled/;

/**
 * Asks a server for its verdict; nothing is registered.
 *
 * @param token Nomad's, where the server asks for one
 */
export async function ask(address: string, job: Json, token?: string): Promise<Verdict> {
  const headers = new Headers(token === undefined ? [] : [["X-Nomad-Token", token]]);
  const body = JSON.stringify({ Job: job });
  const response = await fetch(`${address}/v1/validate/job`, { method: "PUT", headers, body }).catch(() => undefined);
  // At some jobs a server crashes: it closes the connection, and lives on.
  if (!response) return { accepted: false, errors: ["no answer"], warnings: "", ofCluster: false };
  const text = await response.text();
  if (response.status !== 200) return { accepted: false, errors: [text], warnings: "", ofCluster: false };
  const said = JSON.parse(text) as { ValidationErrors?: string[]; Error?: string; Warnings?: string };
  const errors = [...(said.ValidationErrors ?? []), ...(said.Error ? [said.Error] : [])];
  const reasons = errors
    .flatMap((error) => error.split("\n"))
    .map((line) => line.replace(/^[\s*]+/, ""))
    .filter((line) => line !== "" && !/^\d+ errors? occurred/.test(line));
  const ofCluster = reasons.length > 0 && reasons.every((reason) => OF_CLUSTER.test(reason));
  return { accepted: errors.length === 0, errors, warnings: said.Warnings ?? "", ofCluster };
}

/** The Nomad that a server is, as far as its verdicts depend on it. */
export async function targetOfServer(address: string): Promise<Target> {
  const read = async (path: string) => (await (await fetch(`${address}/v1/${path}`)).json()) as unknown;
  const [said, agent] = await Promise.all([read("operator/scheduler/configuration"), read("agent/self")]);
  const { SchedulerConfig: scheduler } = said as { SchedulerConfig?: { MemoryOversubscriptionEnabled?: boolean } };
  return { ...targetOfAgent(agent), memoryOversubscription: scheduler?.MemoryOversubscriptionEnabled ?? false };
}

/**
 * The target that an agent's own words about itself make it, `GET /v1/agent/self`.
 *
 * @throws Error where it says no version
 */
export function targetOfAgent(said: unknown): Target {
  const { config } = said as { config?: { Version?: { Version?: string; VersionMetadata?: string } } };
  const { Version: version = "", VersionMetadata: metadata = "" } = config?.Version ?? {};
  const [nomadVersion] = /^\d+\.\d+/.exec(version) ?? [];
  if (nomadVersion === undefined) throw new Error("the server does not say which version of Nomad it is");
  return { nomadVersion, enterprise: metadata.split(".").includes("ent") };
}

/**
 * Runs something with the address of a Nomad: of one that this program is started as for it, else the one that NOMAD_ADDR names, else an embedded one.
 *
 * @param program the path of a Nomad of any version
 */
export async function withServer<T>(program: string | undefined, run: (address: string) => Promise<T>): Promise<T> {
  const given = process.env.NOMAD_ADDR;
  if (given && program === undefined) return run(given.replace(/\/$/, ""));
  const cluster = new TestCluster({ acl: "open" });
  try {
    await cluster.start(program === undefined ? {} : { CDK_NOMAD_NOMAD: resolve(program) });
    return await run(cluster.addresses.NOMAD_ADDR);
  } finally {
    await cluster.end();
  }
}
