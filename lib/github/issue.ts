import { cut } from "./comment";
import { askGitHub } from "./refusal";
import type { Workflow } from "./workflow";

/**
 * Keeps one issue of its kind: opens it, or writes the open one anew; where nothing is to be said any more, closes it.
 *
 * @param marker a text that stands in the body and in no other issue
 * @param text undefined where all is well
 * @returns its address; undefined where there is none, and none is needed
 * @throws UserError where GitHub refuses
 */
export async function stickyIssue(
  { octokit, owner, repo }: Workflow,
  marker: string,
  label: string,
  text: { readonly title: string; readonly body: string } | undefined,
): Promise<string | undefined> {
  return askGitHub("write the issue", "issues: write", async () => {
    const open = await octokit.paginate(octokit.rest.issues.listForRepo, {
      owner,
      repo,
      labels: label,
      state: "open",
      per_page: 100,
    });
    const own = open.find((issue) => !issue.pull_request && issue.body?.split("\n", 1)[0]?.includes(marker));
    if (!text) {
      if (!own) return undefined;
      const where = { owner, repo, issue_number: own.number };
      await octokit.rest.issues.createComment({ ...where, body: "All is as the program says again." });
      return (await octokit.rest.issues.update({ ...where, state: "closed" })).data.html_url;
    }
    const body = cut(text.body, marker);
    if (own?.body === body && own.title === text.title) return own.html_url;
    const { data } = own
      ? await octokit.rest.issues.update({ owner, repo, issue_number: own.number, title: text.title, body })
      : await octokit.rest.issues.create({ owner, repo, title: text.title, body, labels: [label] });
    return data.html_url;
  });
}
