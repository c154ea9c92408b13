import type { Octokit } from "@octokit/rest";
import { UserError } from "../jobspec";
import { subjectOf, type Subject } from "./event";
import { WORKFLOW_AUTHOR } from "./marker";

/** The run of a workflow that a command is part of. */
export interface Workflow {
  readonly octokit: Octokit;
  readonly owner: string;
  readonly repo: string;
  /** What it is about, where that is a pull request. */
  readonly subject: Subject | undefined;
  /** The login that writes with the token. */
  readonly author: string;
  /** Where a summary of the run is written to. */
  readonly summary: string | undefined;
}

/**
 * The run, from the variables that GitHub sets: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_EVENT_PATH,
 * GITHUB_STEP_SUMMARY.
 *
 * @param author the login that writes with the token; a token of a run cannot ask for its own. Default: github-actions[bot]
 * @throws UserError where one is missing
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 */
export async function workflowOf(env: NodeJS.ProcessEnv, author = WORKFLOW_AUTHOR): Promise<Workflow> {
  const [owner, repo] = (env.GITHUB_REPOSITORY ?? "").split("/");
  if (!owner || !repo) throw missing("GITHUB_REPOSITORY", "owner/name");
  if (!env.GITHUB_TOKEN) throw missing("GITHUB_TOKEN", "${{ github.token }}");
  const subject = env.GITHUB_EVENT_PATH ? subjectOf(env.GITHUB_EVENT_PATH, env.GITHUB_REPOSITORY ?? "") : undefined;
  // Loaded here, since no other command needs GitHub's client.
  const [{ Octokit: Client }, { retry }] = await Promise.all([
    import("@octokit/rest"),
    import("@octokit/plugin-retry"),
  ]);
  const Retrying = Client.plugin(retry);
  return {
    octokit: new Retrying({
      auth: env.GITHUB_TOKEN,
      baseUrl: env.GITHUB_API_URL || "https://api.github.com",
      userAgent: "cdk-nomad",
      log: SILENT,
    }),
    owner,
    repo,
    subject,
    author,
    summary: env.GITHUB_STEP_SUMMARY || undefined,
  };
}

const nothing = () => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function missing(variable: string, value: string): UserError {
  return UserError.at(variable, `is not set; a workflow sets it to ${value}`, "github");
}
