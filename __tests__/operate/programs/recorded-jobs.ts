import { readFileSync } from "node:fs";
import { App, TerraformStack, TerraformVariable } from "cdktf";
import {
  Consul,
  Cpu,
  Driver,
  Duration,
  Intentions,
  Job,
  KeyValues,
  Memory,
  NomadJob,
  nomadProvider,
  Resources,
  runProgram,
  StackRecord,
  synthesize,
  Task,
  TaskGroup,
  Template,
  Update,
} from "../../../lib";

/** What the program is made of. */
export interface RecordedProgram {
  /** Ids. */
  readonly jobs: readonly string[];
  /** Ids of jobs that are there only where PRISM_BIN_DIR is set. */
  readonly withFolder?: readonly string[];
  /** Ids of jobs whose tasks read the level that the program writes to Consul. Default: none. */
  readonly reading?: readonly string[];
  /** Allocations of each job. Default: 1. */
  readonly count?: number;
  /** How long the tasks sleep, in seconds: a field of all jobs. Default: 3600. */
  readonly sleep?: number;
  /** Services that intentions protect. */
  readonly intentions?: readonly string[];
  /** Prefixes of keys. Default: one. */
  readonly prefixes?: readonly string[];
  /** Whether it has something in Consul. Default: true. */
  readonly consul?: boolean;
}

const {
  jobs,
  withFolder = [],
  reading = [],
  consul = true,
  count = 1,
  sleep = 3600,
  intentions = [],
  prefixes = consul ? ["recorded"] : [],
} = JSON.parse(readFileSync("change.json", "utf8")) as RecordedProgram;
const stack = new TerraformStack(new App(), "dev");
const version = new TerraformVariable(stack, "image_version", { type: "string", default: "0.1.0" }).stringValue;
const level = new TerraformVariable(stack, "log_level", { type: "string", default: "info" }).stringValue;
const password = new TerraformVariable(stack, "password", { type: "string", sensitive: true, default: "none" });
const { PRISM_BIN_DIR: folder } = process.env;

for (const id of [...jobs, ...(folder ? withFolder : [])]) {
  const task = new Task({
    name: "main",
    driver: Driver.rawExec({ command: "/bin/sleep", args: [String(sleep)] }),
    env: { VERSION: version, FOLDER: folder || "stand-in" },
    resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(16) }),
    killTimeout: Duration.seconds(1),
    ...(reading.includes(id)
      ? {
          consul: new Consul({}),
          templates: [new Template({ data: '{{ key "recorded/level" }}', destination: "local/level" })],
        }
      : {}),
  });
  const update = new Update({
    healthCheck: "task_states",
    minHealthyTime: Duration.milliseconds(200),
    healthyDeadline: Duration.minutes(1),
    progressDeadline: Duration.minutes(2),
  });
  const job = new Job({ id, type: "service", groups: [new TaskGroup({ name: "work", count, update, tasks: [task] })] });
  new NomadJob(stack, id, { job, provider: nomadProvider(stack) });
}
const values = { level, used: password.stringValue };
for (const prefix of prefixes) new KeyValues(stack, `keys-${prefix}`, { prefix, values, allow: ["secret/literal"] });
for (const service of intentions) new Intentions(stack, `intentions-${service}`, { to: service, allow: ["web"] });
new StackRecord(stack, "record", { environmentVariables: { PRISM_BIN_DIR: folder || undefined } });
runProgram(() => synthesize(stack.node.root as App));
