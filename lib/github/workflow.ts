import { readFileSync } from "node:fs";
import type { Octokit } from "@octokit/rest";
import { UserError } from "../jobspec";

/** The run of a workflow that a command is part of. */
export interface Workflow {
  readonly octokit: Octokit;
  readonly owner: string;
  readonly repo: string;
  /** The pull request that it is about, where it is about one. */
  readonly pull: number | undefined;
  /** Whether that comes from another repository, whose runs may write nothing here. */
  readonly fromFork: boolean;
  /** Where a summary of the run is written to. */
  readonly summary: string | undefined;
}

interface EventJson {
  readonly pull_request?: {
    readonly number: number;
    readonly head?: { readonly repo?: { readonly full_name?: string } | null };
  };
}

/**
 * The run, from the variables that GitHub sets: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_EVENT_PATH,
 * GITHUB_STEP_SUMMARY.
 *
 * @throws UserError where one is missing
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 */
export async function workflowOf(env: NodeJS.ProcessEnv): Promise<Workflow> {
  const [owner, repo] = (env.GITHUB_REPOSITORY ?? "").split("/");
  if (!owner || !repo) throw missing("GITHUB_REPOSITORY", "owner/name");
  if (!env.GITHUB_TOKEN) throw missing("GITHUB_TOKEN", "${{ github.token }}");
  const event = env.GITHUB_EVENT_PATH ? (readEvent(env.GITHUB_EVENT_PATH) ?? {}) : {};
  const head = event.pull_request?.head?.repo?.full_name;
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
    pull: event.pull_request?.number,
    fromFork: event.pull_request !== undefined && head !== env.GITHUB_REPOSITORY,
    summary: env.GITHUB_STEP_SUMMARY || undefined,
  };
}

const nothing = () => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function missing(variable: string, value: string): UserError {
  return UserError.at(variable, `is not set; a workflow sets it to ${value}`, "github");
}

function readEvent(file: string): EventJson | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as EventJson;
  } catch (error) {
    throw UserError.at(
      "GITHUB_EVENT_PATH",
      `${file} cannot be read: ${error instanceof Error ? error.message : ""}`,
      "github",
    );
  }
}
