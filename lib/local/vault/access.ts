import * as v from "valibot";
import { apiPath } from "../../nomad";
import { byName } from "../../reading";
import { addressOf, vaultLoginOf, type NomadAgent, type VaultServer } from "../agents";
import { VaultClient } from "./client";
import type { VaultKeys } from "./keys";

/** Whom the identities of workloads are for. */
export const VAULT_AUDIENCE = "vault.io";

/** The role of tasks that ask for none, and its policy, as `nomad setup vault` calls them. */
export const WORKLOADS = "nomad-workloads";

/** A role that one task of a job logs in with, and the one secret that it reads. */
export interface VaultRole {
  readonly role: string;
  readonly job: string;
  readonly task: string;
  /** Where the secret is in the mount `secret`, such as `prism/admin`. */
  readonly secret: string;
}

const mounts = v.object({ data: byName(v.object({ accessor: v.string() })) });

/**
 * Makes what tasks read secrets from, and who may: a store of versioned secrets at `secret/`, the policy of each role. What is there already
 * stays as it is, but for policies, which are written again.
 */
export async function setUpVault(vault: VaultServer, own: VaultKeys, roles: readonly VaultRole[]): Promise<void> {
  await asking(vault, own, async (client) => {
    const { data } = await client.get(apiPath`/v1/sys/mounts`, mounts);
    if (!Object.hasOwn(data, "secret/"))
      await client.write(apiPath`/v1/sys/mounts/secret`, { type: "kv", options: { version: "2" } });
    for (const { role, secret } of roles)
      await client.write(apiPath`/v1/sys/policies/acl/${role}`, {
        policy: `path "secret/data/${secret}" { capabilities = ["read"] }`,
      });
  });
}

/**
 * Lets the workloads of a region log in to Vault with the identity that its Nomad gives them, as `nomad setup vault` does: a task reads the secrets
 * below the name of its namespace and its job, and what its role says.
 *
 * @param keys the public keys that the region's Nomad signs with, as PEM; they take the place of others
 * @see https://developer.hashicorp.com/nomad/docs/secure/workload-identity/vault
 */
export async function trustNomad(
  vault: VaultServer,
  own: VaultKeys,
  {
    nomad,
    keys,
    roles,
  }: { readonly nomad: NomadAgent; readonly keys: readonly string[]; readonly roles: readonly VaultRole[] },
): Promise<void> {
  const login = vaultLoginOf(nomad);
  await asking(vault, own, async (client) => {
    const before = await client.get(apiPath`/v1/sys/auth`, mounts);
    if (!Object.hasOwn(before.data, `${login}/`)) await client.write(apiPath`/v1/sys/auth/${login}`, { type: "jwt" });
    await client.write(apiPath`/v1/auth/${login}/config`, {
      jwt_validation_pubkeys: keys,
      jwt_supported_algs: ["RS256", "EdDSA"],
      default_role: WORKLOADS,
    });
    const { data } = await client.get(apiPath`/v1/sys/auth`, mounts);
    const policy = login.replace("jwt-nomad", WORKLOADS);
    await client.write(apiPath`/v1/sys/policies/acl/${policy}`, {
      policy: ownSecrets(data[`${login}/`]?.accessor ?? ""),
    });
    await client.write(apiPath`/v1/auth/${login}/role/${WORKLOADS}`, roleWith([policy]));
    for (const { role, job, task } of roles)
      await client.write(apiPath`/v1/auth/${login}/role/${role}`, {
        ...roleWith([role]),
        bound_claims: { nomad_namespace: "default", nomad_job_id: job, nomad_task: task },
      });
  });
}

function roleWith(policies: readonly string[]): object {
  const claims = ["nomad_namespace", "nomad_job_id", "nomad_task"];
  return {
    role_type: "jwt",
    bound_audiences: [VAULT_AUDIENCE],
    // Of one region, namespace, job, group and task: with the job alone, jobs of that name in two namespaces would be one, and read each other's.
    user_claim: "sub",
    claim_mappings: Object.fromEntries(claims.map((claim) => [claim, claim])),
    token_type: "service",
    token_policies: policies,
    token_period: "30m",
    token_explicit_max_ttl: 0,
  };
}

/** What a task may read by default, as `nomad setup vault` writes it. */
function ownSecrets(accessor: string): string {
  const claim = (name: string) => `{{identity.entity.aliases.${accessor}.metadata.${name}}}`;
  const own = `${claim("nomad_namespace")}/${claim("nomad_job_id")}`;
  return ["", "/*"].map((end) => `path "secret/data/${own}${end}" { capabilities = ["read"] }`).join("\n");
}

async function asking(
  vault: VaultServer,
  { token, caFile }: VaultKeys,
  work: (client: VaultClient) => Promise<void>,
): Promise<void> {
  const client = new VaultClient(addressOf(vault), { token, caFile });
  try {
    await work(client);
  } finally {
    await client.close();
  }
}
