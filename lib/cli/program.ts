import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { packageFolder } from "../local";
import { deploy } from "./commands/deploy";
import { drift } from "./commands/drift";
import { down } from "./commands/down";
import { env } from "./commands/env";
import { importJobs } from "./commands/import";
import { logs } from "./commands/logs";
import { preview } from "./commands/preview";
import { render } from "./commands/render";
import { start } from "./commands/start";
import { status } from "./commands/status";
import { ui } from "./commands/ui";
import { up } from "./commands/up";
import { validate } from "./commands/validate";
import { wholeNumber, type CliContext } from "./context";
import { Terminal } from "./terminal";

/** Runs a command with what it needs, and turns what goes wrong into a message and an exit code. */
function action<A extends unknown[]>(run: (...args: [...A, CliContext]) => Promise<void>) {
  return async (...args: unknown[]): Promise<void> => {
    const given = args.slice(0, -1) as A;
    const options = given.at(-1) as { readonly json?: boolean };
    const terminal = new Terminal(options?.json === true);
    const stop = new AbortController();
    const onSignal = () => stop.abort(new Error("interrupted"));
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    try {
      await run(...given, { terminal, env: process.env, signal: stop.signal });
    } catch (error) {
      terminal.fail(error);
      process.exitCode = 1;
    } finally {
      terminal.rest();
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    }
  };
}

function example(...lines: readonly string[]): string {
  return `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

function offset(text: string): number {
  const number = wholeNumber(text);
  if (Number.isNaN(number)) throw new InvalidArgumentError("Write a whole number, such as 1000.");
  return number;
}

function variable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** The command line. */
export function buildProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  const program = new Command("cdk-nomad")
    .description("Nomad jobs from typed TypeScript: a cluster to try them on, and the fast way to deploy them.")
    .version(version)
    .showHelpAfterError("(cdk-nomad --help says more)")
    .addHelpText("after", example("cdk-nomad up", "cdk-nomad deploy dev", "cdk-nomad logs prism-admin -f"));

  const portOffset = ["--port-offset <number>", "move every port by this much"] as const;
  const json = ["--json", "for machines"] as const;

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
    .option(...json)
    .addHelpText("after", example("cdk-nomad up", "cdk-nomad up --port-offset 1000"))
    .action(action(up));
  program
    .command("down")
    .description("stop the embedded cluster and remove what it left")
    .addHelpText("after", example("cdk-nomad down"))
    .action(action(down));
  program
    .command("status")
    .description("say what the embedded cluster is doing")
    .option(...json)
    .addHelpText("after", example("cdk-nomad status", "cdk-nomad status --json"))
    .action(action(status));
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
  const stackVariables = ["--var <name=value>", "the value of a variable of the stack; repeatable", variable] as const;
  program
    .command("preview")
    .description("say what Nomad would do with the jobs of an environment, and what changes in Consul")
    .argument("<environment>", "the stack's name")
    .addOption(
      new Option("--format <format>", "how it is printed").choices(["text", "markdown", "json"]).default("text"),
    )
    .option("--plan <file>", "a plan from terraform show -json, for what only Terraform knows")
    .option(...stackVariables)
    .addHelpText(
      "after",
      `\nExit code: 0 where nothing changes, 2 where something does, 1 at an error.\n${example("cdk-nomad preview dev", "cdk-nomad preview staging --format markdown > comment.md")}`,
    )
    .action(action(preview));
  program
    .command("drift")
    .description(
      "say what somebody changed behind the program's back: jobs scaled, edited, stopped, purged; entries of Consul",
    )
    .argument("<environment>", "the stack's name")
    .option("--fix", "put it right, unless it is changed again meanwhile")
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
    .argument("<environment>", "the stack's name")
    .option(...stackVariables)
    .option(...json)
    .addHelpText("after", example("cdk-nomad deploy dev", "cdk-nomad deploy staging --var image_version=1.4.2"))
    .action(action(deploy));
  const variables = ["--var <name=value>", "the value of a variable of the job; repeatable", variable] as const;
  const variableFile = ["--var-file <file>", "a file of such values; repeatable", several] as const;
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
  return program;
}
