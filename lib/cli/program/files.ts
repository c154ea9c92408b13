import { type Command, Option } from "commander";
import { capacity } from "../commands/capacity";
import { importJobs } from "../commands/import";
import { render } from "../commands/render";
import { validate } from "../commands/validate";
import { action } from "./action";
import { example, json, several, variableFile, variables } from "./options";

/** Jobs of stacks and of files. */
export function addFilesCommands(program: Command): void {
  program
    .command("validate")
    .description("say what a Nomad server would say of jobs, without asking one")
    .argument("<file|stack...>", "files of HCL, JSON or TypeScript, or stacks of this project")
    .addOption(
      new Option("--format <format>", "how problems are printed").choices(["text", "json", "github"]).default("text"),
    )
    .option("--nomad-version <version>", "the oldest Nomad that must take the jobs (default: 1.11)")
    .option("--enterprise", "that Nomad is Nomad Enterprise")
    .option("--memory-oversubscription", "its scheduler lets tasks use more memory than they reserve")
    .option(...variables)
    .option(...variableFile)
    .addHelpText("after", example("cdk-nomad validate web.nomad.hcl", "cdk-nomad validate dev staging --format github"))
    .action(action(validate));
  program
    .command("render")
    .description("print the jobs of a stack, or of a file, as API JSON or as HCL")
    .argument("<stack|file>", "the stack's name, or a file of HCL, JSON or TypeScript")
    .argument("[job]", "the job's id, where there are several")
    .addOption(new Option("--format <format>", "what is printed").choices(["json", "hcl"]).default("json"))
    .option(...variables)
    .option(...variableFile)
    .addHelpText("after", example("cdk-nomad render dev", "cdk-nomad render web.json --format hcl"))
    .action(action(render));
  program
    .command("capacity")
    .description(
      "say how many of each job fit, what binds, and what is left: on nodes that you describe, or on the cluster's",
    )
    .argument("<stack|file>", "the stack's name, or a file of HCL, JSON or TypeScript")
    .argument("[job]", "the job's id, where there are several")
    .option(
      "--node <size>",
      "a node, such as 4cpu,8GiB (a cpu is 1000 MHz); repeatable (default: the cluster's)",
      several,
    )
    .option("--reserve <size>", "what each of these keeps for its system, such as 1cpu,1GiB")
    .option(...variables)
    .option(...variableFile)
    .option(...json)
    .addHelpText(
      "after",
      example("cdk-nomad capacity dev --node 4cpu,8GiB --reserve 1cpu,1GiB", "cdk-nomad capacity web.nomad.hcl"),
    )
    .action(action(capacity));
  program
    .command("import")
    .description("write jobs that exist as TypeScript")
    .argument("[file...]", "files of HCL or of API JSON")
    .option("--job <id>", "a job of the cluster; repeatable", several)
    .option("--out <file>", "the file that is written (default: stdout)")
    .option("--from <module>", "what the classes are imported from (default: cdk-nomad)")
    .option(...variables)
    .option(...variableFile)
    .addHelpText("after", example("cdk-nomad import web.nomad.hcl --out jobs/web.ts", "cdk-nomad import --job web"))
    .action(action(importJobs));
}
