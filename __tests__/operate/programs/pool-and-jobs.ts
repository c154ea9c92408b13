import { readFileSync } from "node:fs";
import { App, TerraformStack } from "cdktf";
import {
  Cpu,
  Driver,
  Duration,
  Job,
  Memory,
  NomadJob,
  nomadProvider,
  Resources,
  runProgram,
  synthesize,
  Task,
  TaskGroup,
} from "../../../lib";
import { smallPool } from "../../support/warm-pools";

/** What the program is made of. */
export interface PoolAndJobsProgram {
  /** Ids. */
  readonly jobs: readonly string[];
  /** Containers of a pool. Default: there is no pool. */
  readonly size?: number;
}

const { jobs, size } = JSON.parse(readFileSync("change.json", "utf8")) as PoolAndJobsProgram;
const app = new App();
const stack = new TerraformStack(app, "dev");
const provider = nomadProvider(stack);
for (const id of jobs) {
  const task = new Task({
    name: "main",
    driver: Driver.rawExec({ command: "/bin/sleep", args: ["3600"] }),
    resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(16) }),
    killTimeout: Duration.seconds(1),
  });
  new NomadJob(stack, id, { job: new Job({ id, groups: [new TaskGroup({ name: "work", tasks: [task] })] }), provider });
}
if (size !== undefined) {
  const pool = smallPool({ size });
  new NomadJob(stack, pool.pool, { job: pool, provider });
}
runProgram(() => synthesize(app));
