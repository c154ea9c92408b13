import { execFileSync } from "node:child_process";

/** OpenBao or Vault as this machine has it: CDK_NOMAD_VAULT, else on PATH; undefined where there is none. */
export const VAULT_HERE: string | undefined = [process.env.CDK_NOMAD_VAULT, "bao", "vault"].find((path) => {
  if (!path) return false;
  try {
    execFileSync(path, ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
