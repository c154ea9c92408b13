/** What is known of GitHub without asking it. */

/** As long as GitHub takes a comment or an issue, in characters. */
export const LONGEST_BODY = 65_536;

/** Who writes with the token that GitHub gives every run of a workflow. */
export const WORKFLOW_AUTHOR = "github-actions[bot]";
