import { runProgram, synthesize } from "../../../lib";
import { createApp } from "../../../main";
import { dev } from "../../../stacks/dev";
import { prod } from "../../../stacks/prod";

const { CDK_NOMAD_PORT_OFFSET: offset, CDK_NOMAD_CLOSED: closed } = process.env;

// Prod as it is, but for what one machine without Docker has no place for: images, three of each in a region, pools of machines.
const settings = {
  ...prod,
  programs: dev.programs,
  admin: dev.admin,
  launcher: dev.launcher,
  keyvalue: dev.keyvalue,
  regions: {
    ...prod.regions,
    list: [{ name: "us-west", count: 1, datacenters: ["us-west-1a"] }],
    maxParallel: 1,
    onFailure: "fail_all" as const,
  },
  polydev: { ...prod.polydev, execution: "processes" as const, machine: "process" as const, warmPool: 0, browsers: 0 },
  service: dev.service,
  hermes: { ...dev.hermes, driver: "raw_exec" as const, slots: 1, max: 1 },
};

runProgram(() =>
  synthesize(
    createApp({
      environments: [settings],
      inputs: { portOffset: Number(offset ?? 0), closed: closed === "true", variables: {} },
    }),
  ),
);
