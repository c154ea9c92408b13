import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { privateFolder, writeWholePrivateFile } from "../../private-files";
import { readClusterKeys, tokensFolder } from "../access";

/** What only whoever started the cluster knows of its server of secrets. */
export interface VaultKeys {
  /** The token that may do everything. */
  readonly token: string;
  /** What its store is opened with at each start. */
  readonly unseal: string;
  /** The file of the authority of its certificate, where the cluster has one. */
  readonly caFile?: string;
}

/** The keys that are made together with the store. */
type StoreKeys = Omit<VaultKeys, "caFile">;

/** The file of a key, which nobody but its owner may read. */
function fileOf(folder: string, name: keyof StoreKeys): string {
  return join(tokensFolder(folder), name === "token" ? "vault" : "vault-unseal");
}

/** The keys of the cluster whose folder this is; undefined where one is missing. */
export function readVaultKeys(folder: string): VaultKeys | undefined {
  try {
    const read = (name: keyof StoreKeys) => readFileSync(fileOf(folder, name), "utf8").trim();
    return { token: read("token"), unseal: read("unseal"), caFile: readClusterKeys(folder)?.caFile };
  } catch {
    return undefined;
  }
}

/** Keeps the keys of a store that was just made. */
export function writeVaultKeys(folder: string, keys: StoreKeys): void {
  privateFolder(tokensFolder(folder));
  for (const name of ["unseal", "token"] as const) writeWholePrivateFile(fileOf(folder, name), `${keys[name]}\n`);
}

/** Removes the keys of a store that is made anew. */
export function removeVaultKeys(folder: string): void {
  for (const name of ["token", "unseal"] as const) rmSync(fileOf(folder, name), { force: true });
}
