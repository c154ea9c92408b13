import type { JobJson } from "../../lib/nomad";
import type { Json } from "./agents";

const SECOND = 1e9;

/** What differs between the jobs of the recordings. */
export interface JobOptions {
  readonly type?: "service" | "batch" | "system" | "sysbatch";
  readonly count?: number;
  /** What the task's shell does. Default: it goes on for ever. */
  readonly script?: string;
  readonly memory?: number;
  readonly update?: Json;
  /** Put over the group. */
  readonly group?: Json;
  /** Put over the task. */
  readonly task?: Json;
  /** Put over the job. */
  readonly job?: Json;
}

export const FOR_EVER = "while true; do sleep 1; done";

/** A job with one group `api` and one task `main`, quick in all it does. */
export function jobOf(id: string, options: JobOptions = {}): JobJson {
  const { type = "service", count = 1, script = FOR_EVER, memory = 32 } = options;
  const rolls = type === "service" || type === "system";
  return {
    ID: id,
    Name: id,
    Type: type,
    Datacenters: ["*"],
    ...options.job,
    TaskGroups: [
      {
        Name: "api",
        Count: count,
        ...(rolls
          ? {
              Update: {
                MaxParallel: 2,
                HealthCheck: "task_states",
                MinHealthyTime: SECOND,
                HealthyDeadline: 15 * SECOND,
                ProgressDeadline: 20 * SECOND,
                Stagger: SECOND,
                ...options.update,
              },
            }
          : {}),
        RestartPolicy: { Attempts: 0, Interval: 60 * SECOND, Delay: SECOND, Mode: "fail" },
        ...(type === "system" || type === "sysbatch" ? {} : { ReschedulePolicy: { Attempts: 0, Unlimited: false } }),
        EphemeralDisk: { SizeMB: 50 },
        ...options.group,
        Tasks: [
          {
            Name: "main",
            Driver: "raw_exec",
            Config: { command: "/bin/sh", args: ["-c", script] },
            Resources: { CPU: 50, MemoryMB: memory },
            LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
            KillTimeout: SECOND,
            ...options.task,
          },
        ],
      },
    ],
  };
}
