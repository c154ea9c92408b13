import { UserError } from "../errors";
import {
  consulOf,
  makeClusterKeys,
  readClusterKeys,
  makeTokens,
  readTokens,
  renewNomadToken,
  tokensFolder,
} from "./access";
import {
  agentsOf,
  namedAgents,
  REGION_NAME,
  type Agent,
  endAbandoned,
  endAgent,
  endForgotten,
  livingAgents,
  readState,
  type ClusterState,
} from "./agents";
import { getBinaries, type Binary } from "./programs";
import { ClusterStart, type ClusterSecrets } from "./cluster-start";
import { answersItself, CLOSED_BY_DEFAULT, statusOf, tokensOf, type ClusterStatus } from "./cluster-status";
import { givesIdentities } from "./configurations";
import { exclusively } from "./machine";
import { refuseOldForm, refuseChangedSettings, type ClusterSettings } from "./refuse-changes";
import { refuseForeignFolder, refuseLink, refusePlatform } from "./refusals";
import { refuseTakenPorts } from "./refuse-ports";
import { renewTrust } from "./trust";
import type { UpOptions } from "./up-options";
import { findVault } from "./vault";

/**
 * Starts what does not run yet of a cluster, and waits until all of it is ready.
 *
 * @returns what runs, and whether all of it did before
 * @throws UserError where a port is taken (and nothing is started), a binary is missing, or an agent does not get ready
 */
export async function startCluster(
  folder: string,
  options: UpOptions,
): Promise<{ readonly status: ClusterStatus; readonly before: boolean }> {
  refusePlatform(options.machine);
  refuseLink(folder);
  refuseForeignFolder(folder);
  return exclusively(folder, async () => {
    const before = await statusOf(folder);
    const wanted = wantedOf(before, options);
    if (!before.forgotten) {
      refuseChangedSettings(before, wanted);
      if (before.phase === "running") {
        await renewTrust(folder, options);
        return { status: before, before: true };
      }
      refuseOldForm(before);
    }
    // Before anything of what an accident left is ended: where it is missing, nothing is done.
    const keeper = wanted.vault ? await findVault(options.env) : undefined;
    const kept = await takenOver(folder, before, options);
    const agents = agentsOf({ ...wanted, sharedConsul: kept?.sharedConsul, tls: kept?.tls ?? wanted.closed });
    const living = new Set(livingAgents(folder).map(({ name }) => name));
    await refuseTakenPorts(agents, living);
    const binaries = await getBinaries(options);
    if (wanted.vault && !givesIdentities(binaries.nomad.version))
      throw UserError.at(
        "--vault",
        `Nomad ${binaries.nomad.version} gives its tasks no identities that a server of secrets could know them by; use Nomad 1.7 or later`,
        "vault",
      );
    options.signal?.throwIfAborted();
    const secrets = wanted.closed ? await secretsOf(folder, kept, { agents, ...binaries, ...options }) : undefined;
    const state = kept ?? {
      format: 1,
      ...wanted,
      regions: [...wanted.regions],
      sharedConsul: false,
      tls: secrets !== undefined,
      agents: {},
    };
    const start = { agents, secrets, state, binaries: { ...binaries, vault: keeper }, options };
    await new ClusterStart(folder, start).run();
    return { status: await statusOf(folder), before: false };
  });
}

/** What is asked for, else what the cluster that runs is like. */
function wantedOf(before: ClusterStatus, options: UpOptions): ClusterSettings {
  const { regions = before.regions } = options;
  const wrong = regions.filter((region) => !REGION_NAME.test(region));
  if (wrong.length > 0)
    throw UserError.at(
      "--regions",
      `${wrong.map((region) => `"${region}"`).join(", ")}: write small letters, digits and hyphens`,
      "regions",
    );
  return {
    portOffset: options.portOffset ?? before.portOffset,
    regions,
    // What agents remember of a cluster whose folder is gone opens no other one.
    closed: options.closed ?? (before.phase === "stopped" || before.forgotten ? CLOSED_BY_DEFAULT : before.closed),
    vault: options.vault ?? (before.phase === "stopped" ? false : before.vault),
  };
}

/**
 * What only whoever started the cluster has: that of the cluster which lives on, else made anew. Where the first Nomad is started again, it gets
 * another token: while it was dead, whoever took its port was told the old one by every program that asked there. The Nomads of other regions copy tokens
 * from the first one, by its token, which they read when they start: they are started again too, and what runs on them goes on.
 */
async function secretsOf(
  folder: string,
  kept: ClusterState | undefined,
  { agents, consul, progress, signal }: UpOptions & { readonly agents: readonly Agent[]; readonly consul: Binary },
): Promise<ClusterSecrets> {
  const nomads = agents.filter((agent) => agent.program === "nomad");
  if (!kept) {
    const tokens = makeTokens(folder);
    const regions = nomads.map(({ region }) => region);
    return { tokens, keys: await makeClusterKeys(folder, regions, consul.path) };
  }
  const [tokens, keys] = [readTokens(folder), readClusterKeys(folder)];
  if (!tokens || !keys)
    throw UserError.at(
      tokensFolder(folder),
      "is not there any more, or not all of it, and what runs of the cluster asks for it; run cdk-nomad down first",
      "acl",
    );
  const living = livingAgents(folder).filter(({ name }) => nomads.some((nomad) => nomad.name === name));
  const { nomad: first } = namedAgents(agents);
  // In dev mode, as an older release started it, a Nomad ends what runs on it.
  if (living.some(({ name, dev }) => name === first.name || dev)) return { tokens, keys };
  for (const { name } of living) {
    await endAgent(folder, name, signal);
    progress.note(`${name} is started again, since Nomad's token is another one now; what runs on it goes on`);
  }
  return { tokens: renewNomadToken(folder, tokens), keys };
}

/** Ends what an accident left of a cluster, but for agents that live on. @returns what is known of the cluster that lives on */
async function takenOver(folder: string, before: ClusterStatus, options: UpOptions): Promise<ClusterState | undefined> {
  if (before.forgotten) {
    await endForgotten(folder, options);
    return undefined;
  }
  const known = readState(folder);
  const tokens = tokensOf(folder, known);
  const layout = agentsOf(known ?? before);
  const living = await endAbandoned(folder, before.agents, {
    ...options,
    consulOf: (name) => {
      const agent = consulAgentOf(layout, name);
      return agent && answersItself(folder, agent) ? consulOf(agent, tokens) : undefined;
    },
  });
  // What is left of a cluster that runs no more decides nothing.
  return living ? known : undefined;
}

/** The Consul agent that a Nomad registers with: its own, or that of all. */
function consulAgentOf(agents: readonly Agent[], nomad: string): Agent | undefined {
  const found = agents.find(({ name }) => name === nomad);
  if (found?.program !== "nomad") return undefined;
  const port = found.consul["Consul HTTP"];
  return agents.find((agent) => agent.program === "consul" && agent.ports["Consul HTTP"] === port);
}
