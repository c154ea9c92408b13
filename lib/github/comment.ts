import { isMarked, isOwn } from "./marker";
import { askGitHub } from "./refusal";
import type { Workflow } from "./workflow";

/** As long as GitHub takes a comment or an issue, in characters. */
export const LONGEST_BODY = 65_536;

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
 * @throws UserError where GitHub refuses
 */
export async function stickyComment(
  { octokit, owner, repo, author }: Workflow,
  pull: number,
  marker: string,
  body: string,
): Promise<Written> {
  const text = cut(body, marker);
  return askGitHub("comment on the pull request", "pull-requests: write", async () => {
    const where = { owner, repo, issue_number: pull };
    const comments = await octokit.paginate(octokit.rest.issues.listComments, { ...where, per_page: 100 });
    const own = comments.find((comment) => isOwn(comment, marker, author));
    const { data } = own
      ? await octokit.rest.issues.updateComment({ owner, repo, comment_id: own.id, body: text })
      : await octokit.rest.issues.createComment({ ...where, body: text });
    return { address: data.html_url, author: data.user?.login };
  });
}

/** A body that GitHub takes: what is too long ends at a line, and says so. */
export function cut(body: string, marker: string): string {
  const marked = isMarked(body, marker) ? body : `${marker}\n${body}`;
  if (marked.length <= LONGEST_BODY) return marked;
  const note = "\n\n_The rest is left out: GitHub takes no longer text._";
  const kept = marked.slice(0, LONGEST_BODY - note.length - "\n```\n</details>".length);
  const whole = kept.slice(0, kept.lastIndexOf("\n"));
  const fence = (whole.match(/^ *```/gm)?.length ?? 0) % 2 === 1 ? "\n```" : "";
  const folded = (whole.match(/<details>/g)?.length ?? 0) > (whole.match(/<\/details>/g)?.length ?? 0);
  return `${whole}${fence}${folded ? "\n</details>" : ""}${note}`;
}
