import type { Command } from "commander";
import { deploy } from "../commands/deploy";
import { drift } from "../commands/drift";
import { fail } from "../commands/fail";
import { preview } from "../commands/preview";
import { promote } from "../commands/promote";
import { rollback } from "../commands/rollback";
import { status } from "../commands/status";
import { WATCHING_EXIT_CODES } from "../exit-codes";
import { action } from "./action";
import { canaryWeight, detach, environment, example, format, json, oneJob, stackVariables, timeout } from "./options";

/** An environment held against a cluster. */
export function addStacksCommands(program: Command): void {
  program
    .command("preview")
    .description("say what Nomad would do with the jobs of an environment, and what changes in Consul")
    .argument(...environment)
    .addOption(format())
    .option("--plan <file>", "a plan from terraform show -json, for what only Terraform knows")
    .option("--synthesized <folder>", "read what somebody else's program was synthesized into, and run no program")
    .option(...stackVariables)
    .addHelpText(
      "after",
      `\nExit code: 0 where nothing changes, 2 where something does, 1 at an error.\n${example("cdk-nomad preview dev", "cdk-nomad preview staging --format markdown > comment.md", "cdk-nomad preview staging --synthesized cdktf.out")}`,
    )
    .action(action(preview));
  program
    .command("drift")
    .description(
      "say what somebody changed behind the program's back: jobs scaled, edited, stopped, purged; entries of Consul",
    )
    .argument(...environment)
    .option("--fix", "put it right, unless it is changed again meanwhile")
    .addOption(format())
    .option(...stackVariables)
    .option(...json)
    .addHelpText(
      "after",
      `\nExit code: 0 where all is as the program says, 2 where it is not, 1 at an error.\n${example("cdk-nomad drift prod", "cdk-nomad drift dev --fix")}`,
    )
    .action(action(drift));
  program
    .command("deploy")
    .description("bring an environment to a cluster through Nomad's API, and watch it until it is healthy")
    .argument(...environment)
    .option("--preview <file>", "a preview in JSON: refuse jobs that somebody changed since")
    .option(...canaryWeight("the requests that go to canaries which wait for their promotion"))
    .option("--direct", "past Terraform's state, for environments that keep it: prod")
    .option(...detach)
    .option(...timeout)
    .option(...stackVariables)
    .option(...json)
    .addHelpText(
      "after",
      `\n${WATCHING_EXIT_CODES}\n${example("cdk-nomad deploy dev", "cdk-nomad deploy staging --var image_version=1.4.2 --timeout 10m")}`,
    )
    .action(action(deploy));
  program
    .command("status")
    .description("say what became of the jobs of an environment; without one, what the embedded cluster is doing")
    .argument("[environment]", "the stack's name")
    .option("--watch", "wait for the deployments that go on")
    .option(...oneJob)
    .option(...timeout)
    .option(...stackVariables)
    .option(...json)
    .addHelpText(
      "after",
      `\nExit code, with an environment: 0 healthy, 1 something failed or is missing, 3 a canary waits for its promotion, 4 a deployment goes on.\n${example("cdk-nomad status", "cdk-nomad status dev --watch")}`,
    )
    .action(action(status));
  program
    .command("promote")
    .description("let healthy canaries take the places of the old allocations, and watch until all is healthy")
    .argument(...environment)
    .option(...oneJob)
    .option(...canaryWeight("give canaries this part of the requests instead of promoting them"))
    .option("--when-healthy", "wait until the canaries are healthy")
    .option("--auto-fail-after <duration>", "the same, but fail the deployment where that takes longer, such as 5m")
    .option(...detach)
    .option(...timeout)
    .option(...stackVariables)
    .option(...json)
    .addHelpText(
      "after",
      `\n${WATCHING_EXIT_CODES}\n${example("cdk-nomad promote staging", "cdk-nomad promote staging --when-healthy --auto-fail-after 5m")}`,
    )
    .action(action(promote));
  program
    .command("fail")
    .description("end a deployment that goes on as failed; a job with auto_revert goes back by itself")
    .argument(...environment)
    .option("--job <id>", "the job, where several deployments go on")
    .option(...stackVariables)
    .option(...json)
    .addHelpText("after", example("cdk-nomad fail staging --job prism-stack"))
    .action(action(fail));
  program
    .command("rollback")
    .description("take a job back to a version that it had, and watch until that is healthy")
    .argument(...environment)
    .option("--job <id>", "the job (default: the one whose deployment failed or goes on)")
    .option("--to <version>", "the version (default: the newest before this one that was healthy once)")
    .option(...detach)
    .option(...timeout)
    .option(...stackVariables)
    .option(...json)
    .addHelpText(
      "after",
      `\n${WATCHING_EXIT_CODES}\n${example("cdk-nomad rollback dev --job prism-stack", "cdk-nomad rollback dev --job prism-stack --to 3")}`,
    )
    .action(action(rollback));
}
