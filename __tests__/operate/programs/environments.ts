import { readFileSync } from "node:fs";
import { Duration, IMAGE_TAG, Memory } from "../../../lib";
import { main } from "../../../main";
import { ENVIRONMENTS, type EnvironmentSettings } from "../../../stacks";

/** What a test changes of the environments of this repository. */
export interface EnvironmentsProgram {
  /** Whether dev's Prism runs in containers of images that were built on this machine. */
  readonly prismImages?: boolean;
  /** Whether staging is what one machine without a Docker can run: processes, with a canary that somebody promotes. */
  readonly stagingInProcesses?: boolean;
  /** MiB of staging's keyvalue group: another one is a change that a canary tries out. Default: dev's. */
  readonly keyvalueMemory?: number;
}

const {
  prismImages = false,
  stagingInProcesses = false,
  keyvalueMemory,
} = JSON.parse(readFileSync("change.json", "utf8")) as EnvironmentsProgram;
const programs = {
  kind: "images",
  registry: "",
  version: IMAGE_TAG,
  network: "host",
  shellImage: `cdk-nomad-shell:${IMAGE_TAG}`,
} as const;
function stagingOf(dev: EnvironmentSettings): EnvironmentSettings {
  return {
    ...dev,
    name: "staging",
    // A group without ports: a canary of another would want those of what it stands beside.
    keyvalue: {
      ...dev.keyvalue,
      canaries: 1,
      ...(keyvalueMemory === undefined ? {} : { memory: Memory.mebibytes(keyvalueMemory) }),
    },
    update: { ...dev.update, minHealthyTime: Duration.seconds(1) },
    polydev: { ...dev.polydev, execution: "processes", warmPool: 0, browsers: 0 },
    hermes: { ...dev.hermes, driver: "raw_exec", min: 1, max: 1 },
  };
}
const environments = ENVIRONMENTS.map((settings, _index, [dev = settings]) => {
  if (settings.name === "dev" && prismImages) return { ...settings, programs };
  return settings.name === "staging" && stagingInProcesses ? stagingOf(dev) : settings;
});
main(process.env, { environments });
