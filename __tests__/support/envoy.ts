import { execFileSync } from "node:child_process";

/** An Envoy of this machine: CDK_NOMAD_ENVOY, else the one on PATH; undefined where there is none. */
export function findEnvoy(): string | undefined {
  for (const path of [process.env.CDK_NOMAD_ENVOY, "envoy"]) {
    if (!path) continue;
    try {
      execFileSync(path, ["--version"], { stdio: "ignore" });
      return path;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
