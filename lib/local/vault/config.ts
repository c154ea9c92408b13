import { addressOf, type AgentFiles, type VaultServer, LOOPBACK } from "../agents";
import type { ClusterKeys } from "../access";

/**
 * OpenBao, or Vault, as one server on loopback that keeps what it has in the cluster's folder. All of it is encrypted with a key that it is told
 * when it starts, and never writes down. https://openbao.org/docs/configuration/
 *
 * @param where.keys whose certificate it has at its port. Default: it is asked without TLS
 * @param where.socket where it answers instead of its port, for whoever may enter the socket's folder
 */
export function vaultConfig(
  vault: VaultServer,
  { data }: AgentFiles,
  { keys, socket }: { readonly keys?: ClusterKeys; readonly socket?: string } = {},
): object {
  const { ports } = vault;
  const tls = vault.tls && keys ? { tls_cert_file: keys.certFile, tls_key_file: keys.keyFile } : { tls_disable: true };
  const [http, cluster] = [`${LOOPBACK}:${ports["Vault HTTP"]}`, `${LOOPBACK}:${ports["Vault cluster"]}`];
  return {
    // Of what outlives the process, the one that both programs have.
    storage: { raft: { path: data, node_id: "local", performance_multiplier: 1 } },
    listener: [
      socket === undefined
        ? { tcp: { address: http, cluster_address: cluster, ...tls } }
        : { unix: { address: socket, socket_mode: "0600" } },
    ],
    api_addr: addressOf(vault),
    cluster_addr: `https://${cluster}`,
    // Vault refuses to start without one of the two, and locked memory is root's; OpenBao says that it knows no such setting.
    disable_mlock: true,
    log_level: "info",
  };
}
