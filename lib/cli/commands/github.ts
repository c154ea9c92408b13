import { WORKFLOW_AUTHOR } from "../../github/facts";
import { term } from "../../text";
import { argument, command, text, value, type CommandGroup, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { wholeNumber } from "../options";

const author = { author: text("login", "who writes with the token", WORKFLOW_AUTHOR) };

const preview = { file: argument("what cdk-nomad preview --format json printed") };
const ofComment = { pull: value("number", "the pull request (default: the one of the run)", wholeNumber), ...author };

/** What writing a comment takes of the command line. */
export type CommentInput = ValuesOf<typeof preview> & ValuesOf<typeof ofComment>;

/** Writes a preview as the one comment of its environment on a pull request, and into the run's summary. */
const comment = command({
  name: "comment",
  summary: "write a preview as the one comment of its environment on the pull request, and into the run's summary",
  arguments: preview,
  options: ofComment,
  examples: [
    "cdk-nomad preview dev --format json > preview.json || test $? -eq 2",
    "cdk-nomad github comment preview.json",
  ],
  exitCodes: { [EXIT.ok]: "the comment is written" },
  interrupted: term`the comment may be written`,
  run: (input, context) => (require("./run/github") as typeof import("./run/github")).writeComment(input, context),
});

const drift = { file: argument("what cdk-nomad drift --json printed") };
const ofIssue = { label: text("name", "its label", "drift"), ...author };

/** What keeping an issue takes of the command line. */
export type IssueInput = ValuesOf<typeof drift> & ValuesOf<typeof ofIssue>;

/** Keeps the one issue about an environment's drift. */
const issue = command({
  name: "issue",
  summary: "keep the one issue about an environment's drift: opened, written anew, closed where all is well again",
  arguments: drift,
  options: ofIssue,
  examples: ["cdk-nomad drift prod --json > drift.json || test $? -eq 2", "cdk-nomad github issue drift.json"],
  exitCodes: { [EXIT.ok]: "the issue is as the drift is" },
  interrupted: term`the issue may be written`,
  run: (input, context) => (require("./run/github") as typeof import("./run/github")).keepIssue(input, context),
});

/** What workflows do. */
export const github: CommandGroup = {
  name: "github",
  summary: "what workflows do on GitHub: one comment on a pull request, one issue about drift",
  commands: [comment, issue],
};
