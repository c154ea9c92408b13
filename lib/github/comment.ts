import { askGitHub } from "./refusal";
import type { Workflow } from "./workflow";

/** As long as GitHub takes a comment or an issue, in characters. */
export const LONGEST_BODY = 65_536;

/**
 * Writes the one comment of its kind on a pull request: the one that holds the marker is written anew, else one is added.
 *
 * @param marker a text that stands in the body and in no other comment
 * @returns its address
 * @throws UserError where GitHub refuses
 */
export async function stickyComment(
  { octokit, owner, repo }: Workflow,
  pull: number,
  marker: string,
  body: string,
): Promise<string> {
  const text = cut(body, marker);
  return askGitHub("comment on the pull request", "pull-requests: write", async () => {
    const where = { owner, repo, issue_number: pull };
    const comments = await octokit.paginate(octokit.rest.issues.listComments, { ...where, per_page: 100 });
    // Somebody may quote the marker: ours begins with its line, and was written by a bot, or by somebody of the repository.
    const marked = comments.filter((comment) => comment.body?.split("\n", 1)[0]?.includes(marker));
    const own =
      marked.find(({ user }) => user?.type === "Bot") ??
      marked.find(({ author_association: by }) => ["OWNER", "MEMBER", "COLLABORATOR"].includes(by));
    const { data } = own
      ? await octokit.rest.issues.updateComment({ owner, repo, comment_id: own.id, body: text })
      : await octokit.rest.issues.createComment({ ...where, body: text });
    return data.html_url;
  });
}

/** A body that GitHub takes: what is too long ends at a line, and says so. */
export function cut(body: string, marker: string): string {
  const marked = body.split("\n", 1)[0]?.includes(marker) ? body : `${marker}\n${body}`;
  if (marked.length <= LONGEST_BODY) return marked;
  const note = "\n\n_The rest is left out: GitHub takes no longer text._";
  const kept = marked.slice(0, LONGEST_BODY - note.length - "\n```\n</details>".length);
  const whole = kept.slice(0, kept.lastIndexOf("\n"));
  const fence = (whole.match(/^ *```/gm)?.length ?? 0) % 2 === 1 ? "\n```" : "";
  const folded = (whole.match(/<details>/g)?.length ?? 0) > (whole.match(/<\/details>/g)?.length ?? 0);
  return `${whole}${fence}${folded ? "\n</details>" : ""}${note}`;
}
