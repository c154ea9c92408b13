import type { Command } from "commander";
import { githubComment, githubIssue } from "../commands/github";
import { action } from "./action";
import { example, offset } from "./options";

/** What workflows do. */
export function addGithubCommands(program: Command): void {
  const github = program
    .command("github")
    .description("what workflows do on GitHub: one comment on a pull request, one issue about drift")
    .addHelpText("after", example("cdk-nomad github comment preview.json", "cdk-nomad github issue drift.json"));
  github
    .command("comment")
    .description(
      "write a preview as the one comment of its environment on the pull request, and into the run's summary",
    )
    .argument("<file>", "what cdk-nomad preview --format json printed")
    .option("--pull <number>", "the pull request (default: the one of the run)", offset)
    .addHelpText(
      "after",
      example(
        "cdk-nomad preview dev --format json > preview.json || test $? -eq 2",
        "cdk-nomad github comment preview.json",
      ),
    )
    .action(action(githubComment));
  github
    .command("issue")
    .description(
      "keep the one issue about an environment's drift: opened, written anew, closed where all is well again",
    )
    .argument("<file>", "what cdk-nomad drift --json printed")
    .option("--label <name>", "its label", "drift")
    .addHelpText(
      "after",
      example("cdk-nomad drift prod --json > drift.json || test $? -eq 2", "cdk-nomad github issue drift.json"),
    )
    .action(action(githubIssue));
}
