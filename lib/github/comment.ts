import { isOwn } from "./marker";
import { askGitHub } from "./refusal";
import type { Workflow } from "./workflow";

/** What was written. */
export interface Written {
  /** Its address. */
  readonly address: string;
  /** Who wrote it, as GitHub says: who the token belongs to. */
  readonly author: string | undefined;
}

/**
 * Writes the one comment of its kind on a pull request: the one that the same author wrote with the marker is written anew, else one is
 * added. Somebody else's comment is never touched, whatever it holds.
 *
 * @param marker from {@link markerOf}
 * @param body no longer than `LONGEST_BODY`, with the marker at the end of its first line
 * @throws UserError where GitHub refuses
 */
export async function stickyComment(workflow: Workflow, pull: number, marker: string, body: string): Promise<Written> {
  const { octokit, owner, repo, author } = workflow;
  return askGitHub(workflow, "comment on the pull request", "pull-requests: write", async () => {
    const where = { owner, repo, issue_number: pull };
    const comments = await octokit.paginate(octokit.rest.issues.listComments, { ...where, per_page: 100 });
    const own = comments.find((comment) => isOwn(comment, marker, author));
    const { data } = own
      ? await octokit.rest.issues.updateComment({ owner, repo, comment_id: own.id, body })
      : await octokit.rest.issues.createComment({ ...where, body });
    return { address: data.html_url, author: data.user?.login };
  });
}
