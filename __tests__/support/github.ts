import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Loaded into a process by `--require`, it answers GitHub's API from a recording. */
export const RECORDED_GITHUB = join(__dirname, "recorded-github.cjs");

/** One recorded answer. */
export interface Recorded {
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const REPO = "/repos/acme/shop";
const BOT = { login: "github-actions[bot]", id: 41898282, type: "Bot" };

/** A comment as GitHub lists it. */
export function comment(id: number, body: string, user: object = BOT, by = "NONE") {
  return {
    id,
    html_url: `https://github.com/acme/shop/pull/12#issuecomment-${id}`,
    body,
    user,
    author_association: by,
    created_at: "2026-11-20T09:00:00Z",
  };
}

/** An issue as GitHub lists it. */
export function issue(number: number, title: string, body: string, more: object = {}) {
  const html_url = `https://github.com/acme/shop/issues/${number}`;
  return { number, html_url, title, body, user: BOT, state: "open", labels: [{ name: "drift" }], ...more };
}

export const listComments = (comments: readonly object[]): Recorded => ({
  method: "GET",
  path: `${REPO}/issues/12/comments`,
  status: 200,
  body: comments,
});
export const createComment = (on = 12, status = 201, body: unknown = comment(901, "")): Recorded => ({
  method: "POST",
  path: `${REPO}/issues/${on}/comments`,
  status,
  body,
});
export const updateComment = (id: number): Recorded => ({
  method: "PATCH",
  path: `${REPO}/issues/comments/${id}`,
  status: 200,
  body: comment(id, ""),
});
/** An open pull request as GitHub lists it. */
export function pullRequest(
  number: number,
  more: { sha?: string; repo?: string | null; ref?: string; base?: string } = {},
) {
  const { sha = "c0ffee", repo = "acme/shop", ref = "feature", base = "main" } = more;
  return {
    number,
    head: { sha, ref, repo: repo === null ? null : { full_name: repo } },
    base: { ref: base, repo: { default_branch: "main" } },
  };
}
export const listPulls = (pulls: readonly object[], head = "acme:feature"): Recorded => ({
  method: "GET",
  path: `${REPO}/pulls`,
  query: { state: "open", head, per_page: "100" },
  status: 200,
  body: pulls,
});
export const listIssues = (issues: readonly object[]): Recorded => ({
  method: "GET",
  path: `${REPO}/issues`,
  status: 200,
  body: issues,
});
export const createIssue = (number: number): Recorded => ({
  method: "POST",
  path: `${REPO}/issues`,
  status: 201,
  body: issue(number, "", ""),
});
export const updateIssue = (number: number): Recorded => ({
  method: "PATCH",
  path: `${REPO}/issues/${number}`,
  status: 200,
  body: issue(number, "", ""),
});

/** What was asked, and with which body. */
export function asked(log: string): readonly { method: string; path: string; sent: Record<string, unknown> }[] {
  return readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { method: string; path: string; sent: Record<string, unknown> });
}
