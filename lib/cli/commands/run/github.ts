import { appendFileSync, closeSync, constants, openSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../../../errors";
import {
  markerOf,
  pullRequestOf,
  stickyComment,
  stickyIssue,
  workflowOf,
  type Workflow,
  type Written,
} from "../../../github";
import { hasDrift, readDrift, readPreview } from "../../../operations";
import { term } from "../../../text";
import type { CliContext } from "../../context";
import { driftMarkdown } from "../../drift-markdown";
import { driftCounts } from "../../drift-words";
import { EXIT } from "../../exit-codes";
import { previewMarkdown } from "../../preview-markdown";
import type { CommentInput, IssueInput } from "../github";

/** Writes a preview as the one comment of its environment on a pull request, and into the run's summary. */
export async function writeComment(input: CommentInput, context: CliContext) {
  const { terminal, env, cwd } = context;
  const file = resolve(cwd, input.file);
  const preview = await readPreview(file, context.signal);
  const workflow = await workflowOf(env, { ...context, author: input.author });
  const body = terminal.asMarkdown(previewMarkdown(preview));
  summarize(workflow, body);
  const { subject } = workflow;
  if (subject?.kind === "pull_request" && subject.fromFork && input.pull === undefined) {
    terminal.note(
      term`the pull request comes from a fork, whose runs may not comment: the preview stands in the run's summary`,
    );
    return EXIT.ok;
  }
  if (input.pull === undefined && subject?.kind === "workflow_run")
    terminal.progress().step("asking GitHub for the pull request");
  const pull = input.pull ?? (await pullRequestOf(workflow));
  if (pull === undefined && subject?.kind === "workflow_run") {
    terminal.note(
      term`no open pull request ends with the commit ${subject.sha}: it is closed, or a later run writes the comment`,
    );
    return EXIT.ok;
  }
  if (pull === undefined) throw UserError.at("--pull", "this run is about no pull request; write its number", "github");
  terminal.progress().step(`writing the comment on pull request ${pull}`);
  const written = await stickyComment(workflow, pull, markerOf("preview", preview.environment), body);
  terminal.print(term`${written.address}`);
  noteAuthor(written, workflow, terminal);
  return EXIT.ok;
}

/** Keeps the one issue about an environment's drift. */
export async function keepIssue(input: IssueInput, context: CliContext) {
  const { terminal, env, cwd } = context;
  const file = resolve(cwd, input.file);
  const drift = await readDrift(file, context.signal);
  const workflow = await workflowOf(env, { ...context, author: input.author });
  const { environment } = drift;
  const body = terminal.asMarkdown(driftMarkdown(drift));
  summarize(workflow, body);
  const title = `${environment} is not as the program says: ${driftCounts(drift)}`;
  // An issue is closed only where it is known that all is well.
  const isUnknown = drift.unknown !== undefined && drift.unknown.length > 0;
  const unknown = `whether ${environment} is as the program says is not known: records cannot be read`;
  const wanted = hasDrift(drift) ? { title, body } : isUnknown ? { title: unknown, body } : undefined;
  terminal.progress().step(`asking GitHub for the issue about ${environment}`);
  const written = await stickyIssue(workflow, markerOf("drift", environment), input.label, wanted);
  if (written) noteAuthor(written, workflow, terminal);
  terminal.print(
    written ? term`${written.address}` : term`${environment} is as the program says, and there is no open issue`,
  );
  return EXIT.ok;
}

/** Says where the token writes under another name than was told: the next run would not find what this one wrote. */
function noteAuthor(written: Written, { author: told }: Workflow, terminal: CliContext["terminal"]): void {
  if (written.author === undefined || written.author === told) return;
  terminal.note(
    term`the token writes as ${written.author}, and not as ${told}; write --author ${written.author} (the action's input author), so that the next run finds it`,
  );
}

function summarize({ summary }: Workflow, body: string): void {
  if (summary === undefined) return;
  // Not held up by a pipe that nobody reads.
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants;
  try {
    const file = openSync(summary, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
    try {
      appendFileSync(file, `${body}\n\n`);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw UserError.at("GITHUB_STEP_SUMMARY", `${summary} cannot be written (${code})`, "github");
  }
}
