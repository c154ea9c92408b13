import { App, TerraformStack } from "cdktf";
import { Driver, Job, NomadJob, nomadProvider, runProgram, synthesize, Task, TaskGroup } from "../../lib";

// A program whose job says who ran it.
const stack = new TerraformStack(new App(), "dev");
const driver = Driver.rawExec({ command: "/bin/true" });
const tasks = [new Task({ name: "run", driver, env: { MARK: process.env.MARK ?? "" } })];
const job = new Job({ id: "marked", groups: [new TaskGroup({ name: "work", tasks })] });
new NomadJob(stack, "job", { job, provider: nomadProvider(stack) });
runProgram(() => synthesize(stack.node.root as App));
