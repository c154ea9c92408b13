import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { packageFolder } from "../../local";
import { addClusterCommands } from "./cluster";
import { addFilesCommands } from "./files";
import { addGithubCommands } from "./github";
import { example } from "./options";
import { addStacksCommands } from "./stacks";

/** The command line. */
export function buildProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  const program = new Command("cdk-nomad")
    .description("Nomad jobs from typed TypeScript: a cluster to try them on, and the fast way to deploy them.")
    .version(version)
    .showHelpAfterError("(cdk-nomad --help says more)")
    .addHelpText("after", example("cdk-nomad up", "cdk-nomad deploy dev", "cdk-nomad logs prism-admin -f"));
  program.commandsGroup("The embedded cluster:");
  addClusterCommands(program);
  program.commandsGroup("An environment on a cluster:");
  addStacksCommands(program);
  program.commandsGroup("Jobs of stacks and of files:");
  addFilesCommands(program);
  program.commandsGroup("Workflows:");
  addGithubCommands(program);
  return program;
}
