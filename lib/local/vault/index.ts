/** Vault beside a cluster, or OpenBao: its program, its keys, its configuration, and what tasks may read there. */
export { setUpVault, trustNomad, VAULT_AUDIENCE, WORKLOADS, type VaultRole } from "./access";
export { vaultConfig } from "./config";
export { readVaultKeys, type VaultKeys } from "./keys";
export { findVault } from "./program";
export { abandonStore, answers, hasStore, isOpen, makeStore, openStore } from "./store";
