import { Duration, Memory } from "../lib";
import type { EnvironmentSettings } from "./settings";

/** One machine: processes, one of each, nothing but what `npm start` brings. */
export const dev: EnvironmentSettings = {
  name: "dev",
  owner: "cdk-nomad",
  datacenters: ["dc1"],
  backend: { kind: "local" },
  programs: { kind: "processes" },
  admin: { count: 1, cpu: 500, memory: Memory.mebibytes(256) },
  launcher: { count: 1, cpu: 1000, memory: Memory.mebibytes(512) },
  keyvalue: { count: 1, cpu: 500, memory: Memory.mebibytes(256) },
  update: {
    maxParallel: 1,
    minHealthyTime: Duration.seconds(10),
    healthyDeadline: Duration.minutes(3),
    autoRevert: true,
  },
  polydev: { execution: "auto", machine: "process", warmPool: 1, browsers: 1, keysInVariables: false },
  service: { execution: "process", reachable: "loopback", tokens: "project" },
  // On one person's machine it starts also where nothing keeps slots apart.
  hermes: { driver: "auto", isolation: ["bubblewrap", "user", "none"], slots: 2, min: 1, max: 2 },
  denyByDefault: false,
  logLevel: "debug",
};
