import type { Octokit } from "@octokit/rest";
import { UserError } from "../errors";
import { subjectOf, type Subject } from "./event";
import { limitedFetch, SILENCE } from "./fetch";
import { WORKFLOW_AUTHOR } from "./facts";

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
  /** Ends what is asked of GitHub. */
  readonly signal: AbortSignal | undefined;
}

/** Who writes, and how long GitHub is waited for. */
export interface WorkflowOptions {
  /** The login that writes with the token; a token of a run cannot ask for its own. Default: github-actions[bot] */
  readonly author?: string;
  /** Ends what is asked of GitHub. */
  readonly signal?: AbortSignal;
  /** How long GitHub may say nothing, in milliseconds. Default: 12 s. */
  readonly silence?: number;
}

/** How often a question is asked again that GitHub was too busy to answer. */
const RETRIES = 2;

/**
 * The run, from the variables that GitHub sets: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_EVENT_PATH,
 * GITHUB_STEP_SUMMARY.
 *
 * @throws UserError where one is missing
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 */
export async function workflowOf(env: NodeJS.ProcessEnv, options: WorkflowOptions = {}): Promise<Workflow> {
  const { author = WORKFLOW_AUTHOR, signal, silence = SILENCE } = options;
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
  const octokit = new Retrying({
    auth: env.GITHUB_TOKEN,
    baseUrl: env.GITHUB_API_URL || "https://api.github.com",
    userAgent: "cdk-nomad",
    log: SILENT,
    request: { fetch: limitedFetch({ signal, silence }), retries: RETRIES },
  });
  octokit.hook.before("request", (request) => {
    // A change that was not answered may have been made: asked again, there would be two comments.
    if (request.method !== "GET") request.request = { ...request.request, retries: 0 };
  });
  return {
    octokit,
    owner,
    repo,
    subject,
    author,
    summary: env.GITHUB_STEP_SUMMARY || undefined,
    signal,
  };
}

const nothing = () => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function missing(variable: string, value: string): UserError {
  return UserError.at(variable, `is not set; a workflow sets it to ${value}`, "github");
}
