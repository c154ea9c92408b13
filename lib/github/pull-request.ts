import { askGitHub } from "./refusal";
import type { Workflow } from "./workflow";

/**
 * The number of the open pull request that a run is about. Where the run follows that of another workflow, GitHub is asked for the pull
 * request whose branch now ends with the very commit of that run; what the other run wrote is never asked, since a pull request's author
 * may write anything there.
 *
 * @returns undefined where there is none: the run is about something else, the pull request is closed, or has a later commit
 * @throws UserError where GitHub refuses
 */
export async function pullRequestOf(workflow: Workflow): Promise<number | undefined> {
  const { octokit, owner, repo, subject } = workflow;
  if (subject?.kind !== "workflow_run") return subject?.pull;
  const { sha, branch, repository } = subject;
  return askGitHub(workflow, "list pull requests", "pull-requests: read", async () => {
    const open = await octokit.paginate(octokit.rest.pulls.list, {
      owner,
      repo,
      state: "open",
      head: `${repository.split("/", 1)[0] ?? ""}:${branch}`,
      per_page: 100,
    });
    const own = open.filter(
      ({ head }) => head.sha === sha && head.repo?.full_name === repository && head.ref === branch,
    );
    // One branch may be asked to be merged into several others: these runs are for the default branch.
    const main = own.find(({ base }) => base.ref === base.repo.default_branch);
    return (main ?? (own.length === 1 ? own[0] : undefined))?.number;
  });
}
