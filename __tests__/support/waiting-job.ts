import { Cpu, Job, LogConfig, Memory, Resources, Task, TaskGroup, Update, type Driver } from "../../lib/jobspec";

/** A job of one small task that waits for commands: group `g`, task `t`. */
export function waitingJob(id: string, driver: Driver): Job {
  return new Job({
    id,
    type: "service",
    update: new Update({ maxParallel: 0 }),
    groups: [
      new TaskGroup({
        name: "g",
        tasks: [
          new Task({
            name: "t",
            driver,
            resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(64) }),
            logs: new LogConfig({ maxFiles: 1, maxFileSize: Memory.mebibytes(10) }),
          }),
        ],
      }),
    ],
  });
}
