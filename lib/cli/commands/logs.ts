import { UserError } from "../../jobspec";
import type { AllocationStub, NomadClient } from "../../nomad";
import { term } from "../../text";
import { argument, command, flag, value } from "../command";
import { clients, localCluster } from "../context";
import { EXIT } from "../exit-codes";
import { TaskOutput } from "../task-output";

/** Prints what a task wrote; with `-f` as it writes. */
export const logs = command({
  name: "logs",
  summary: "print what a task wrote",
  arguments: { task: argument("the task's name") },
  options: {
    follow: flag("go on as it writes", { short: "-f" }),
    stderr: flag("only its stderr"),
    job: value("id", "the job, where several have such a task"),
  },
  examples: ["cdk-nomad logs prism-admin", "cdk-nomad logs pattern-launcher -f"],
  exitCodes: { [EXIT.ok]: "all of it is printed" },
  interrupted: term`the task goes on`,
  async run({ task, follow, stderr, job }, context) {
    const { terminal, signal } = context;
    const { nomad, consul } = clients(context, localCluster(context).cluster);
    try {
      terminal.progress().step(`looking for ${task} at ${nomad.address}`);
      const allocation = await findTask(nomad, task, job);
      const streams = stderr ? (["stderr"] as const) : (["stdout", "stderr"] as const);
      await Promise.all(
        streams.map(async (stream) => {
          const output = new TaskOutput((lines) => terminal.pass(lines, stream));
          for await (const chunk of nomad.logs(allocation.ID, task, { stream, follow, signal })) output.push(chunk);
          output.end();
        }),
      );
      return EXIT.ok;
    } finally {
      await Promise.all([nomad.close(), consul.close()]);
    }
  },
});

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
