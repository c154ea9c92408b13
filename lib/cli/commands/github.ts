import { appendFileSync, readFileSync } from "node:fs";
import { stickyComment, stickyIssue, workflowOf, type Workflow } from "../../github";
import { UserError } from "../../jobspec";
import { hasDrift, type Drift, type Preview } from "../../operations";
import type { CliContext } from "../context";
import { driftMarkdown, issueMarker } from "../drift-markdown";
import { driftCounts } from "../drift-words";
import { commentMarker, previewMarkdown } from "../preview-markdown";

/** Writes a preview as the one comment of its environment on a pull request, and into the run's summary. */
export async function githubComment(
  file: string,
  options: { readonly pull?: number },
  { terminal, env }: CliContext,
): Promise<void> {
  const preview = read<Preview>(file, "cdk-nomad preview ENV --format json", ["environment", "jobs", "consul"]);
  const workflow = await workflowOf(env);
  const body = previewMarkdown(preview);
  summarize(workflow, body);
  const pull = options.pull ?? workflow.pull;
  if (pull === undefined) throw UserError.at("--pull", "this run is about no pull request; write its number", "github");
  if (workflow.fromFork && options.pull === undefined) {
    terminal.note(
      "the pull request comes from a fork, whose runs may not comment: the preview stands in the run's summary",
    );
    return;
  }
  terminal.print(await stickyComment(workflow, pull, commentMarker(preview.environment), body));
}

/** Keeps the one issue about an environment's drift. */
export async function githubIssue(
  file: string,
  options: { readonly label: string },
  { terminal, env }: CliContext,
): Promise<void> {
  const drift = read<Drift>(file, "cdk-nomad drift ENV --json", ["environment", "jobs", "consul", "unchanged"]);
  const workflow = await workflowOf(env);
  const { environment } = drift;
  const body = driftMarkdown(drift);
  summarize(workflow, body);
  const title = `${environment} is not as the program says: ${driftCounts(drift)}`;
  const text = hasDrift(drift) ? { title, body } : undefined;
  const address = await stickyIssue(workflow, issueMarker(environment), options.label, text);
  terminal.print(address ?? `${environment} is as the program says, and there is no open issue`);
}

function summarize({ summary }: Workflow, body: string): void {
  if (summary !== undefined) appendFileSync(summary, `${body}\n\n`);
}

function read<T extends object>(file: string, command: string, keys: readonly (keyof T & string)[]): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && keys.every((key) => key in value)) return value as T;
  throw UserError.at(file, `is not what ${command} prints`, "github");
}
