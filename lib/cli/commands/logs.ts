import { UserError } from "../../jobspec";
import type { AllocationStub, NomadClient } from "../../nomad";
import { clients, localCluster, type CliContext } from "../context";

/** Options of `logs`. */
export interface LogsOptions {
  readonly follow?: boolean;
  readonly stderr?: boolean;
  readonly job?: string;
}

/** Prints what a task wrote; with `-f` as it writes. */
export async function logs(task: string, options: LogsOptions, { env, signal }: CliContext): Promise<void> {
  const { cluster } = localCluster();
  const { nomad, consul } = clients(env, cluster);
  try {
    const allocation = await findTask(nomad, task, options.job);
    const streams = options.stderr ? (["stderr"] as const) : (["stdout", "stderr"] as const);
    await Promise.all(
      streams.map(async (stream) => {
        try {
          for await (const chunk of nomad.logs(allocation.ID, task, { stream, follow: options.follow, signal }))
            process[stream].write(chunk);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      }),
    );
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** The newest allocation that has this task; a running one first. */
async function findTask(nomad: NomadClient, task: string, job: string | undefined): Promise<AllocationStub> {
  const all = (await nomad.allAllocations()).filter((allocation) => job === undefined || allocation.JobID === job);
  const having = all.filter((allocation) => Object.hasOwn(allocation.TaskStates ?? {}, task));
  const rank = (allocation: AllocationStub) => (allocation.ClientStatus === "running" ? 1 : 0);
  const found = having.sort((a, b) => rank(b) - rank(a) || b.CreateTime - a.CreateTime)[0];
  if (found) return found;
  const names = [...new Set(all.flatMap((allocation) => Object.keys(allocation.TaskStates ?? {})))].sort();
  throw UserError.at(
    task,
    names.length > 0
      ? `no allocation has such a task; write one of ${names.join(", ")}`
      : "nothing runs; deploy something first: cdk-nomad deploy dev",
    "task",
  );
}
