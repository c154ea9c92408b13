import { join } from "node:path";
import { identifyCluster, LastClusters, refuseUnmeant } from "../operations";
import { term, wrap, type TerminalText } from "../text";
import { clusterHere, localCluster, type CliContext, type Telling } from "./context";
import type { OpenStack } from "./open-stack";
import { ATTENTION } from "./symbols";
import { isOnThisMachine, otherProjectAt } from "./cluster-at-address";

/** What of a command decides whether it may change something on the cluster that answers. */
export interface Going {
  /** Whether the stack may go to another cluster than the last time. Default: that is refused. */
  readonly toNewCluster?: boolean;
  /** Whether the cluster has a record of the stack: then it has been there before. */
  readonly isRecorded: boolean | "unknown";
  /** Whether the command brings the stack there. Default: it changes something of what is there. */
  readonly brings?: boolean;
}

/**
 * Looks whether the cluster that answers is the one that a stack is for, before anything is changed there.
 *
 * @returns keeps where the stack goes, for a command that brings it there: called before its first write, so that one which is interrupted after it is known to be
 * this folder's
 * @throws UserError where it is another one, with what to write
 */
export async function checkCluster(
  { environment, contents, nomad, consul }: OpenStack,
  { toNewCluster = false, isRecorded, brings = false }: Going,
  context: Pick<CliContext, "cwd" | "signal"> & Telling,
): Promise<() => Promise<void>> {
  const { cluster } = localCluster(context);
  const here = await identifyCluster({ nomad, consul }, context.signal);
  const isEmbedded = cluster.isAt(nomad.address);
  const last = lastClusters(context);
  const before = last.of(environment);
  // On a cluster that a team shares every checkout is new; on one's own machine two clones of a project would take turns without a word.
  if (brings && isRecorded === true && before === undefined && isOnThisMachine(nomad.address))
    context.terminal.note(
      wrap(
        term`${ATTENTION} ${environment} is here already, and this folder has no note that it brought it: another clone of the project did, or cdktf, or .cdk-nomad was removed since; this deployment takes its place`,
        { hanging: 2 },
      ),
    );
  refuseUnmeant({
    stack: environment,
    here,
    isEmbedded,
    declared: contents.declared.cluster,
    last: before,
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
  return term`Nomad at ${nomad.address}, Consul at ${consul.address}${whose(nomad.address, context)}`;
}

/** Whose embedded cluster answers at an address: this project's, or that of another folder, such as another clone. */
function whose(address: string, context: Pick<CliContext, "cwd">): TerminalText {
  const own = clusterHere(context);
  if (own?.isAt(address)) return term`, the embedded cluster`;
  const project = otherProjectAt(address, own);
  return project === undefined ? term`` : term`, the embedded cluster of ${project}`;
}
