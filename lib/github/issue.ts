import type { Written } from "./comment";
import { isOwn } from "./marker";
import { askGitHub } from "./refusal";
import type { Workflow } from "./workflow";

/**
 * Keeps one issue of its kind: opens it, or writes anew the open one that the same author wrote with the marker; where nothing is to be
 * said any more, closes it. Somebody else's issue is never touched, whatever it holds.
 *
 * @param marker from {@link markerOf}
 * @param text its body no longer than `LONGEST_BODY`, with the marker at the end of its first line; undefined where all is well
 * @returns what was written; undefined where there is none, and none is needed
 * @throws UserError where GitHub refuses
 */
export async function stickyIssue(
  workflow: Workflow,
  marker: string,
  label: string,
  text: { readonly title: string; readonly body: string } | undefined,
): Promise<Written | undefined> {
  const { octokit, owner, repo, author } = workflow;
  return askGitHub(workflow, "write the issue", "issues: write", async () => {
    const open = await octokit.paginate(octokit.rest.issues.listForRepo, {
      owner,
      repo,
      labels: label,
      state: "open",
      per_page: 100,
    });
    const own = open.find((issue) => !issue.pull_request && isOwn(issue, marker, author));
    if (!text) {
      if (!own) return undefined;
      const where = { owner, repo, issue_number: own.number };
      await octokit.rest.issues.createComment({ ...where, body: "All is as the program says again." });
      return written((await octokit.rest.issues.update({ ...where, state: "closed" })).data);
    }
    const { title, body } = text;
    if (own?.body === body && own.title === title) return written(own);
    const { data } = own
      ? await octokit.rest.issues.update({ owner, repo, issue_number: own.number, title, body })
      : await octokit.rest.issues.create({ owner, repo, title, body, labels: [label] });
    return written(data);
  });
}

function written(issue: { readonly html_url: string; readonly user: { readonly login?: string } | null }): Written {
  return { address: issue.html_url, author: issue.user?.login };
}
