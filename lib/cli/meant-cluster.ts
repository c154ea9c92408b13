import { join } from "node:path";
import { identifyCluster, LastClusters, refuseUnmeant } from "../operations";
import { term, type TerminalText } from "../text";
import { clusterHere, localCluster, type CliContext } from "./context";
import type { OpenStack } from "./open-stack";

/** What of a command decides whether it may change something on the cluster that answers. */
export interface Going {
  /** Whether the stack may go to another cluster than the last time. Default: that is refused. */
  readonly toNewCluster?: boolean;
  /** Whether the cluster has a record of the stack: then it has been there before. */
  readonly isRecorded: boolean | "unknown";
}

/**
 * Looks whether the cluster that answers is the one that a stack is for, before anything is changed there.
 *
 * @returns keeps where the stack went, for a command that brought it there
 * @throws UserError where it is another one, with what to write
 */
export async function checkCluster(
  { environment, contents, nomad, consul }: OpenStack,
  { toNewCluster = false, isRecorded }: Going,
  context: CliContext,
): Promise<() => void> {
  const { cluster } = localCluster(context);
  const here = await identifyCluster({ nomad, consul }, context.signal);
  const isEmbedded = cluster.isAt(nomad.address);
  const last = lastClusters(context);
  refuseUnmeant({
    stack: environment,
    here,
    isEmbedded,
    declared: contents.declared.cluster,
    last: last.of(environment),
    isRecorded,
    toNewCluster,
  });
  return () => last.keep(environment, { ...here, embedded: isEmbedded });
}

/** Where the stacks of this project went the last time. */
export function lastClusters(context: Pick<CliContext, "cwd">): LastClusters {
  return new LastClusters(join(localCluster(context).cluster.folder, "stacks.json"));
}

/** Says which servers a command talks to, before it asks or changes anything. */
export function sayWhere(
  clients: Pick<OpenStack, "nomad" | "consul">,
  context: Pick<CliContext, "cwd" | "terminal">,
): void {
  context.terminal.note(term`  ${whereText(clients, context)}`);
}

/** The servers that a command talks to, without credentials. */
function whereText(
  { nomad, consul }: Pick<OpenStack, "nomad" | "consul">,
  context: Pick<CliContext, "cwd">,
): TerminalText {
  const own = clusterHere(context)?.isAt(nomad.address) ? term`, the embedded cluster` : term``;
  return term`Nomad at ${nomad.address}, Consul at ${consul.address}${own}`;
}
