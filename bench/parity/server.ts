import type { Target } from "../../lib/jobspec";
import { withCluster } from "../../__tests__/support/cluster";
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
  const response = await fetch(`${address}/v1/operator/scheduler/configuration`);
  const said = (await response.json()) as { SchedulerConfig?: { MemoryOversubscriptionEnabled?: boolean } };
  return { memoryOversubscription: said.SchedulerConfig?.MemoryOversubscriptionEnabled ?? false };
}

/** Runs something with the address of a Nomad: the one that NOMAD_ADDR names, else an embedded one. */
export async function withServer<T>(run: (address: string) => Promise<T>): Promise<T> {
  const given = process.env.NOMAD_ADDR;
  if (given) return run(given.replace(/\/$/, ""));
  return withCluster({ acl: "open" }, ({ addresses }) => run(addresses.NOMAD_ADDR));
}
