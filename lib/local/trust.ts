import { Acl, type Guarded, identityKeys } from "./access";
import { agentsOf, namedAgents, type NomadAgent, type VaultServer, readState } from "./agents";
import { answersItself, tokensOf } from "./cluster-status";
import { givesIdentities } from "./configurations";
import type { UpOptions } from "./up-options";
import { trustNomad, type VaultRole, readVaultKeys, type VaultKeys } from "./vault";

/** Who is to believe the identities that a Nomad signs. */
export interface Believers {
  /** Of a closed cluster: its Consul. */
  readonly acl?: Acl;
  /** Who keeps secrets. */
  readonly vault?: { readonly server: VaultServer; readonly keys: VaultKeys; readonly roles: readonly VaultRole[] };
  /** What keeps everybody else out of the Nomad now. */
  readonly guard?: Guarded;
  readonly signal?: AbortSignal;
}

/** Has Consul, and who keeps secrets, believe the identities that a Nomad signs with its keys of now, and no others. */
export async function trustIdentities(
  folder: string,
  nomad: NomadAgent,
  { acl, vault, guard, signal }: Believers,
): Promise<void> {
  if (!acl && !vault) return;
  const keys = await identityKeys(nomad, { answersItself: () => answersItself(folder, nomad), guard, signal });
  await acl?.trust(nomad, keys, signal);
  if (vault) await trustNomad(vault.server, vault.keys, { nomad, keys, roles: vault.roles });
}

/** The same for a cluster that runs: somebody may have had its Nomads take new keys (`nomad operator root keyring rotate`). */
export async function renewTrust(
  folder: string,
  { jobs = [], vaultRoles: roles = [], signal }: UpOptions,
): Promise<void> {
  const state = readState(folder);
  if (!state) return;
  const agents = agentsOf(state);
  const { vault: server } = namedAgents(agents);
  const [tokens, keys] = [tokensOf(folder, state), readVaultKeys(folder)];
  const acl = tokens && new Acl(agents, tokens, jobs, (agent) => answersItself(folder, agent));
  const vault = server && keys && { server, keys, roles };
  for (const agent of agents)
    if (agent.program === "nomad" && givesIdentities(state.agents[agent.name]?.version ?? ""))
      await trustIdentities(folder, agent, { acl, vault, signal });
}
