import type { Command } from "commander";
import { down } from "../commands/down";
import { env } from "../commands/env";
import { logs } from "../commands/logs";
import { start } from "../commands/start";
import { ui } from "../commands/ui";
import { up } from "../commands/up";
import { action } from "./action";
import { example, json, offset, portOffset, regionNames } from "./options";

/** The embedded cluster. */
export function addClusterCommands(program: Command): void {
  program
    .command("start")
    .description("start the embedded cluster, deploy dev to it, and say what is where")
    .option(...portOffset, offset)
    .addHelpText("after", example("cdk-nomad start", "cdk-nomad start --port-offset 1000"))
    .action(action(start));
  program
    .command("up")
    .description("start the embedded cluster: a real Nomad and a real Consul on this machine")
    .option(...portOffset, offset)
    .option("--regions <names>", "a Nomad for each region, federated, such as us-west,us-east", regionNames)
    .option(...json)
    .addHelpText("after", example("cdk-nomad up", "cdk-nomad up --regions us-west,us-east"))
    .action(action(up));
  program
    .command("down")
    .description("stop the embedded cluster and remove what it left")
    .addHelpText("after", example("cdk-nomad down"))
    .action(action(down));
  program
    .command("logs")
    .description("print what a task wrote")
    .argument("<task>", "the task's name")
    .option("-f, --follow", "go on as it writes")
    .option("--stderr", "only its stderr")
    .option("--job <id>", "the job, where several have such a task")
    .addHelpText("after", example("cdk-nomad logs prism-admin", "cdk-nomad logs pattern-launcher -f"))
    .action(action(logs));
  program
    .command("ui")
    .description("open Nomad's web UI")
    .option("--print", "only say where it is")
    .addHelpText("after", example("cdk-nomad ui --print"))
    .action(action(ui));
  program
    .command("env")
    .description("print the variables that point other programs at the embedded cluster")
    .option(...json)
    .addHelpText("after", example("eval $(cdk-nomad env)"))
    .action(action(env));
}
