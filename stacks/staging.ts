import { Duration, IMAGE_TAG, Memory } from "../lib";
import type { EnvironmentSettings } from "./settings";

/** Containers, and a canary of the launcher that is promoted by itself. */
export const staging: EnvironmentSettings = {
  name: "staging",
  owner: "cdk-nomad",
  datacenters: ["dc1"],
  backend: { kind: "consul", path: "terraform/cdk-nomad/staging" },
  programs: { kind: "images", registry: "", version: IMAGE_TAG },
  admin: { count: 1, cpu: 500, memory: Memory.mebibytes(256) },
  launcher: { count: 3, cpu: 1000, memory: Memory.mebibytes(512), canaries: 1 },
  keyvalue: { count: 1, cpu: 500, memory: Memory.mebibytes(256) },
  update: {
    maxParallel: 1,
    minHealthyTime: Duration.seconds(10),
    healthyDeadline: Duration.minutes(3),
    autoRevert: true,
    autoPromote: true,
  },
  polydev: { execution: "containers", machine: "firecracker", warmPool: 3, browsers: 1, keysInVariables: true },
  service: { execution: "container", reachable: "node", tokens: "variable" },
  hermes: { driver: "docker", slots: 10, min: 1, max: 3 },
  denyByDefault: false,
  logLevel: "info",
};
