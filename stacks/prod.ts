import { Duration, Memory, Vault } from "../lib";
import type { EnvironmentSettings } from "./settings";

const GENEROUS = { cpu: 2000, memory: Memory.mebibytes(1024), memoryMax: Memory.mebibytes(2048) };

/**
 * Containers in two regions, west before east; canaries that are promoted once they are healthy, so that the east waits
 * for the west; secrets from Vault; nobody calls whom he may not.
 */
export const prod: EnvironmentSettings = {
  name: "prod",
  owner: "terraform",
  datacenters: ["dc1", "dc2", "dc3"],
  backend: { kind: "consul", path: "terraform/cdk-nomad/prod" },
  // Which version goes to prod is said by whoever deploys.
  programs: { kind: "images", registry: "" },
  admin: { count: 1, ...GENEROUS },
  launcher: { count: 0, ...GENEROUS, canaries: 1 },
  keyvalue: { count: 0, ...GENEROUS },
  update: {
    maxParallel: 1,
    minHealthyTime: Duration.seconds(10),
    healthyDeadline: Duration.minutes(3),
    autoRevert: true,
    autoPromote: true,
  },
  regions: {
    list: [
      { name: "us-west", count: 3, datacenters: ["us-west-1a", "us-west-1b"] },
      { name: "us-east", count: 3, datacenters: ["us-east-1a", "us-east-1b"] },
    ],
    maxParallel: 1,
    onFailure: "fail_all",
  },
  polydev: { execution: "containers", machine: "firecracker", warmPool: 10, browsers: 3, keysInVariables: true },
  service: { execution: "container", reachable: "node", tokens: "variable" },
  hermes: { driver: "docker", slots: 10, min: 1, max: 10 },
  databaseSecret: { vault: Vault.role("prism-admin"), path: "secret/prism/admin" },
  denyByDefault: true,
  logLevel: "warn",
};
